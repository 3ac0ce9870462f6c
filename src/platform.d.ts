// The few globals that the core uses and that every supported platform has (Node, browsers, workers, Deno, Bun).
// The core is compiled against these declarations alone, so that neither DOM nor Node types can slip into it.

declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean });
  decode(bytes: Uint8Array, options?: { stream?: boolean }): string;
}

declare function setTimeout(callback: () => void, milliseconds: number): unknown;

declare function clearTimeout(timer: unknown): void;

declare const console: { warn(message: string): void };

declare const performance: { now(): number; readonly timeOrigin: number };

declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer>);
  }
  type Imports = Record<string, Record<string, unknown>>;
  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Record<string, unknown>;
  }
  interface Memory {
    readonly buffer: ArrayBuffer;
    grow(delta: number): number;
  }
  function validate(bytes: Uint8Array<ArrayBuffer>): boolean;
}
