import { readFileSync } from 'node:fs';

/** The version of this package, from its manifest: beside `dist`, or above the sources. */
export function packageVersion(): string {
  for (const path of ['../package.json', '../../package.json', '../../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Record<string, string>;
      if (name === '@scope/dqn') return version;
    } catch {
      // Not here.
    }
  }
  return 'unknown';
}
