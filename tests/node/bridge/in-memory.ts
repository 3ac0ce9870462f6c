import { PassThrough } from 'node:stream';
import { BridgedVector } from '../../../src/node/bridge/bridged-vector.ts';
import { Connection, type Channel, type RemoteWarning } from '../../../src/node/bridge/connection.ts';
import { serveEnvironments, type BuildEnvironment } from '../../../src/node/bridge/serve-environments.ts';

/** How a stream is cut: the sizes of its chunks, over and over. */
export type Cuts = readonly number[];

export function* cut(bytes: Uint8Array, sizes: Cuts): Generator<Uint8Array> {
  for (let offset = 0, i = 0; offset < bytes.length; i++) {
    const size = sizes[i % sizes.length];
    yield bytes.slice(offset, offset + size);
    offset += size;
  }
}

/** A channel to a server of our environments in this process. */
export function channelTo(build: BuildEnvironment, cuts: Cuts = [Infinity]): Channel & { readonly killed: boolean } {
  const input = new PassThrough();
  let killed = false;
  return {
    name: 'the server',
    get killed() {
      return killed;
    },
    hold: () => {},
    send: (bytes) => {
      for (const chunk of cut(bytes, cuts)) input.write(chunk);
    },
    listen: (onBytes, onEnd) => {
      const send = (bytes: Uint8Array) => {
        for (const chunk of cut(bytes, cuts)) onBytes(chunk);
      };
      serveEnvironments(input, send, build).then(
        () => onEnd('its end'),
        (error: Error) => onEnd(error.message),
      );
    },
    kill: () => {
      killed = true;
      input.end();
    },
  };
}

/** A channel on which a test answers by hand. */
export class ManualChannel implements Channel {
  readonly name = 'the other side';
  readonly sent: Uint8Array[] = [];
  killed = false;
  held = false;
  tell: (chunk: Uint8Array) => void = () => {};
  end: (reason: string) => void = () => {};

  hold(waiting: boolean): void {
    this.held = waiting;
  }

  send(bytes: Uint8Array): void {
    this.sent.push(bytes);
  }

  listen(onBytes: (chunk: Uint8Array) => void, onEnd: (reason: string) => void): void {
    this.tell = onBytes;
    this.end = onEnd;
  }

  kill(): void {
    this.killed = true;
  }
}

export function connectTo(channel: Channel, timeout = 20_000, warn: (warning: RemoteWarning) => void = () => {}): Connection {
  return new Connection(channel, timeout, warn);
}

/** Environments of a factory over the bridge. */
export async function bridged<Observation, Action>(
  build: BuildEnvironment,
  { size = 1, autoreset = 'disabled', cuts }: { size?: number; autoreset?: string; cuts?: Cuts } = {},
): Promise<BridgedVector<Observation, Action>> {
  return BridgedVector.open<Observation, Action>({
    name: 'test',
    connect: async () => connectTo(channelTo(build, cuts)),
    make: { id: 'test', size, autoreset, kwargs: {} },
  });
}
