import { arch, cpus, platform } from 'node:os';

/** Facts for `htmlReport`'s `about`: the versions of Node and V8, the platform, the processor, and the time. */
export function aboutMachine(): Readonly<Record<string, string>> {
  const processors = cpus();
  return {
    time: new Date().toISOString(),
    node: `${process.version}, V8 ${process.versions.v8}`,
    platform: `${platform()} ${arch()}`,
    processor: processors.length === 0 ? 'unknown' : `${processors.length} × ${processors[0].model.trim()}`,
  };
}
