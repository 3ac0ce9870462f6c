import { afterEach, beforeEach, vi } from 'vitest';

const opened: { close(): Promise<void> }[] = [];

/** Closes the environment after the test. */
export async function closing<T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> {
  const environment = await opening;
  opened.push(environment);
  return environment;
}

/** Around each test of a file: what Python writes to its standard error is not for the report, and nothing stays open or stubbed. */
export function tidyEachTest(): void {
  beforeEach(() => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((environment) => environment.close()));
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });
}
