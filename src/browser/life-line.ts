// Browsers tell nobody that a worker has ended itself, was ended from elsewhere or ran out of memory. But they free its locks: the worker holds one as long
// as it lives, and the page asks for the same one. Without locks, on pages that came by plain http or in frames of no origin, such a death goes unnoticed until a call is not answered.

const MARK = '@scope/dqn life line';

/** In a worker: fulfilled when it holds the lock and has said so, or can have none; it says so again to a page that comes later. */
export async function holdLifeLine(): Promise<void> {
  if (!('locks' in navigator)) return;
  const name = `${MARK} ${crypto.randomUUID()}`;
  const held = await new Promise<boolean>((settle) => {
    const holding = navigator.locks.request(name, () => {
      settle(true);
      return new Promise(() => {});
    });
    // A frame of no origin, such as a sandboxed one, is refused.
    holding.catch(() => settle(false));
  });
  if (!held) return;
  postMessage({ [MARK]: name });
  addEventListener('message', () => postMessage({ [MARK]: name }), { once: true });
}

/** On the page: calls the listener when the worker has gone. */
export function watchLifeLine(worker: Worker, listener: () => void): void {
  let watched = false;
  worker.addEventListener('message', ({ data }) => {
    const name: unknown = typeof data === 'object' && data !== null ? (data as Record<string, unknown>)[MARK] : undefined;
    if (typeof name !== 'string' || watched) return;
    watched = true;
    void navigator.locks.request(name, listener);
  });
}
