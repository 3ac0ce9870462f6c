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

/** Whether a GPU of this name is a program on the CPU. */
export function isSoftware(name: string): boolean {
  return /swiftshader|llvmpipe|lavapipe|softpipe|basic render|software/i.test(name);
}

/** What stands behind WebGL here, for people. */
export function rendererName(): string {
  const { OffscreenCanvas: Canvas } = globalThis as { OffscreenCanvas?: new (width: number, height: number) => WebGlCanvas };
  const gl = Canvas && new Canvas(1, 1).getContext('webgl2');
  if (!gl) return 'a renderer without a name';
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  // A page has so many contexts at most: for one more the browser takes the oldest away, though it be at work.
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return name;
}

/** The little of WebGL that tells a renderer's name. */
interface WebGlCanvas {
  getContext(kind: 'webgl2'): {
    readonly RENDERER: number;
    getExtension(name: 'WEBGL_debug_renderer_info'): { readonly UNMASKED_RENDERER_WEBGL: number } | null;
    getExtension(name: 'WEBGL_lose_context'): { loseContext(): void } | null;
    getParameter(name: number): unknown;
  } | null;
}
