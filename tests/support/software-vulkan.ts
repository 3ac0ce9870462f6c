// Configures WebGPU in Node without a graphics card: by the Vulkan driver and loader that Chromium brings along.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { chromium } from './chromium.ts';

/**
 * What must stand in the environment of a process, from its start on, for WebGPU to run on Chromium's software Vulkan.
 * @param folder - for a file of a few bytes.
 */
export function softwareVulkan(folder: string): Record<string, string> {
  // Debian's command is a script; the browser and its libraries lie together.
  const libraries = chromium.executablePath === '/usr/bin/chromium' ? '/usr/lib/chromium' : dirname(chromium.executablePath);
  const description = join(resolve(folder), 'swiftshader.json');
  const driver = { library_path: join(libraries, 'libvk_swiftshader.so'), api_version: '1.0.5' };
  mkdirSync(folder, { recursive: true });
  writeFileSync(description, JSON.stringify({ file_format_version: '1.0.0', ICD: driver }));
  return { VK_ICD_FILENAMES: description, XDG_RUNTIME_DIR: resolve(folder), LD_LIBRARY_PATH: libraries };
}
