/** What a WebGPU adapter tells of itself. */
export interface GpuAdapter {
  readonly isFallbackAdapter?: boolean;
  readonly info?: {
    readonly vendor?: string;
    readonly architecture?: string;
    readonly device?: string;
    readonly description?: string;
    readonly isFallbackAdapter?: boolean;
  };
}

/** The version of Node that this runs in. */
export function nodeVersion(): string | undefined {
  return (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node;
}

/** The WebGPU adapter that the platform prefers. */
export async function findAdapter(): Promise<GpuAdapter | undefined> {
  const { navigator } = globalThis as { navigator?: { gpu?: { requestAdapter(): Promise<GpuAdapter | null> } } };
  return (await navigator?.gpu?.requestAdapter()) ?? undefined;
}

/** An adapter's name, for people. */
export function adapterName({ info = {} }: GpuAdapter): string {
  const { vendor, architecture, device, description } = info;
  return [vendor, architecture, description || device].filter(Boolean).join(' ') || 'an adapter without a name';
}
