// Ways of losing what a GPU backend of TensorFlow.js runs on, and of letting no other be had.
import { vi } from 'vitest';

/** Loses the device of a WebGPU backend; the promise is done once that is told. */
export async function destroyDevice(backend: object): Promise<void> {
  const { device } = backend as { device: { destroy(): void; lost: Promise<unknown> } };
  device.destroy();
  await device.lost;
}

/** Lets no WebGPU adapter be had; gives what lets it again. */
export function blockWebGpu(): () => void {
  const { gpu } = navigator as unknown as { gpu: { requestAdapter(): Promise<null> } };
  const blocked = vi.spyOn(gpu, 'requestAdapter').mockResolvedValue(null);
  return () => blocked.mockRestore();
}

/** Loses the context of a WebGL backend. */
export function loseContext(backend: object): void {
  const { gl } = (backend as { gpgpu: { gl: WebGL2RenderingContext } }).gpgpu;
  gl.getExtension('WEBGL_lose_context')?.loseContext();
}

/** Lets no WebGL context be had; gives what lets it again. */
export function blockWebGl(): () => void {
  const blocked = vi.spyOn(OffscreenCanvas.prototype, 'getContext').mockReturnValue(null);
  return () => blocked.mockRestore();
}
