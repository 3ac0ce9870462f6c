import { find, setText } from './elements.ts';
import type { Policies } from './policies.ts';
import type { Session } from './session.ts';

/** The buttons that take a policy away as a file, and bring one in. */
export class PolicyFiles {
  readonly #policies: Policies;
  readonly #session: Session;
  readonly #status = find('policy-status');

  constructor(policies: Policies, session: Session) {
    this.#policies = policies;
    this.#session = session;
    find('download').addEventListener('click', () => this.#download());
    find<HTMLInputElement>('load').addEventListener('change', ({ target }) => void this.#load(target as HTMLInputElement));
    find('unload').addEventListener('click', () => {
      policies.dismiss();
      this.update();
    });
  }

  /** Offers what can be done now. */
  update(): void {
    find<HTMLButtonElement>('download').disabled = this.#policies.bytes === undefined;
    find('unload').hidden = !this.#policies.visiting;
    if (!this.#policies.visiting && this.#status.dataset.kind === 'visit') this.#say('', '');
  }

  #download(): void {
    const { bytes } = this.#policies;
    if (!bytes) return;
    const { settings, step } = this.#session;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
    link.download = `${settings.world}-${settings.algorithm}-seed${settings.seed}-step${step}.safetensors`;
    link.click();
    URL.revokeObjectURL(link.href);
    this.#say('file', `Downloaded ${link.download}, ${(bytes.length / 1024).toFixed(1)} kB.`);
  }

  async #load(input: HTMLInputElement): Promise<void> {
    const file = input.files?.[0];
    if (!file) return;
    try {
      await this.#policies.invite(new Uint8Array(await file.arrayBuffer()));
      this.#say('visit', `On show: ${file.name}.`);
    } catch (error) {
      this.#say('problem', `${file.name} was not loaded. ${(error as Error).message}`);
    }
    // The same file may be chosen again.
    input.value = '';
    this.update();
  }

  #say(kind: 'visit' | 'file' | 'problem' | '', text: string): void {
    this.#status.dataset.kind = kind;
    setText(this.#status, text);
  }
}
