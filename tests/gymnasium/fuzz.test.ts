import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameReader, KIND, encodeFrame, type Fields } from '../../src/node/bridge/frames.ts';
import { serveEnvironments } from '../../src/node/bridge/serve-environments.ts';
import { damagesArb } from '../support/damaged-bytes.ts';
import { Mirror } from '../support/bridge-worlds.ts';
import { pythons, type Python } from './pythons.ts';

const folder = join(import.meta.dirname, '../../src/node/bridge/python');
const script = join(import.meta.dirname, '../support/python/worlds/fuzz_bridge.py');

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** How each stream ends on a side of the bridge, after how many answers or calls, and why. */
async function feed({ program, path }: Python, side: string, streams: readonly Uint8Array[]): Promise<[string, number, string][]> {
  const child = spawn(program, [script], { env: { ...process.env, PYTHONPATH: path }, stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = [{ folder }, ...streams.map((bytes) => [side, Buffer.from(bytes).toString('base64')])];
  child.stdin.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const out = await text(child.stdout);
  const told = out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as [string, number, string]);
  expect(told).toHaveLength(streams.length);
  return told;
}

/** As many damaged streams as tried, with the seed of the run. */
function damaged(bytes: Uint8Array, count: number): Uint8Array[] {
  return fc.sample(damagesArb, { numRuns: count, seed: fc.readConfigureGlobal()?.seed }).map((damage) => damage(bytes));
}

const actions = new Uint8Array(16);

describe.each(pythons)('with $name', (python) => {
  const requests = (id: string, width: number) =>
    joined([
      encodeFrame(KIND.hello, 1, { protocols: [1] }),
      encodeFrame(KIND.make, 2, { id, size: 2, autoreset: 'same-step', vectorization: 'each', kwargs: {}, render: true }),
      encodeFrame(KIND.reset, 3, { seed: 1 }),
      encodeFrame(KIND.step, 4, {}, new Uint8Array(2 * width)),
      encodeFrame(KIND.render, 5, { index: 0 }),
      encodeFrame(KIND.close, 6),
    ]);

  test('the server survives any requests: it answers them or ends with a reason', async () => {
    const valid = requests('bridge_worlds:Pictures-v0', 8);
    const fieldsArb = fc.record(
      Object.fromEntries(
        ['id', 'size', 'autoreset', 'vectorization', 'kwargs', 'seed', 'options', 'index', 'protocols', 'render'].map((name) => [
          name,
          fc.oneof(fc.jsonValue(), fc.constantFrom(-1, 2 ** 53, 1e300, 'disabled', [1])),
        ]),
      ),
      { requiredKeys: [] },
    ) as fc.Arbitrary<Fields>;
    const requestArb = fc.tuple(
      fc.integer({ min: 1, max: 7 }),
      fieldsArb,
      fc.oneof(fc.constant(actions), fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.uint8Array({ maxLength: 20 })),
    );
    const begun = valid.slice(0, -encodeFrame(KIND.close, 6).length);
    const others = fc
      .sample(fc.tuple(fc.boolean(), fc.array(requestArb, { maxLength: 3 })), {
        numRuns: 300,
        seed: fc.readConfigureGlobal()?.seed,
      })
      .map(([after, list]) =>
        joined([after ? begun : begun.slice(0, 0), ...list.map(([kind, fields, raw]) => encodeFrame(kind, 9, fields, raw))]),
      );
    const deep = joined([begun, encodeFrame(KIND.step, 9), Uint8Array.of(1)]);
    const told = await feed(python, 'server', [valid, deep, ...damaged(valid, 300), ...others]);
    expect(told[0]).toEqual(['end', 6, '']);
    expect(told[1]).toEqual(['malformed', 6, expect.any(String)]);
    expect(told.filter(([end]) => end !== 'end' && end !== 'malformed')).toEqual([]);
    // Damage that is noticed, and damage that only changes a value.
    for (const end of ['end', 'malformed']) expect(told.some(([one]) => one === end)).toBe(true);
  });

  test('the environment in Python survives any answers', async () => {
    const answers: Uint8Array[] = [];
    async function* input() {
      yield encodeFrame(KIND.hello, 1, { protocols: [1] });
      yield encodeFrame(KIND.make, 2, { id: 'x', size: 1, autoreset: 'disabled', kwargs: {} });
      yield encodeFrame(KIND.reset, 3, {});
      for (let id = 4; id < 7; id++) {
        yield encodeFrame(KIND.step, id, {}, new Uint8Array(8 + 4 + 8 + 8 + 3));
        yield encodeFrame(KIND.reset, 3, {});
      }
    }
    const reader = new FrameReader();
    await serveEnvironments(
      input(),
      (bytes) => {
        // The resets in between are not the other side's.
        const [{ id }] = reader.push(bytes);
        if (id !== 3 || answers.length < 3) answers.push(bytes);
      },
      async () => () => new Mirror() as never,
    );
    const valid = joined(answers);
    const told = await feed(python, 'client', [valid, ...damaged(valid, 500)]);
    expect(told[0]).toEqual(['end', 5, '']);
    expect(told.filter(([end]) => end === 'crash')).toEqual([]);
    expect(told.filter(([end]) => end === 'worker-failed').length).toBeGreaterThan(100);
  });

  test('the environment in Python refuses spaces and elements that cannot be', async () => {
    const answered = (kind: number, id: number, fields: Fields, raw?: Uint8Array) =>
      encodeFrame(kind | KIND.answer, id, fields, raw);
    const hello = answered(KIND.hello, 1, { protocol: 1 });
    const number = { kind: 'discrete', n: 3, start: 0 };
    const observing = (value: number) =>
      joined([
        hello,
        answered(KIND.make, 2, { observationSpace: number, actionSpace: number }),
        answered(KIND.reset, 3, {}, new Uint8Array(Float64Array.of(value).buffer)),
      ]);
    // A whole number that no float holds; JSON is sent as it is by trading its place with the raw data.
    const bound = `{"observationSpace":{"kind":"box","dtype":"float32","shape":[1],"low":-1${'0'.repeat(400)},"high":1}}`;
    const huge = answered(KIND.make, 2, {}, new TextEncoder().encode(bound));
    const sizes = new DataView(huge.buffer);
    sizes.setUint32(12, bound.length, true);
    sizes.setUint32(16, 0, true);
    const values = [2, 3, -1, 0.5, NaN, Infinity];
    const told = await feed(python, 'client', [
      joined([hello, huge.slice(0, 20), huge.slice(-bound.length)]),
      ...values.map(observing),
    ]);
    expect(told[0]).toEqual(['worker-failed', 0, expect.stringContaining('refuses')]);
    // The stream ends with the reset.
    expect(told[1]).toEqual(['worker-failed', 2, expect.stringContaining('ended')]);
    for (const one of told.slice(2)) expect(one).toEqual(['worker-failed', 1, expect.stringContaining('the observation')]);
  });

  test('sizes that never come allocate nothing', async () => {
    for (const side of ['server', 'client']) {
      // Of the largest allowed size, and above.
      const streams = [2 ** 28, 2 ** 28 + 1, 2 ** 32 - 1].map((size) => {
        const header = encodeFrame(KIND.hello | (side === 'client' ? KIND.answer : 0), 1);
        new DataView(header.buffer).setUint32(16, size, true);
        return header;
      });
      const told = await feed(python, side, [...streams, ...streams, ...streams]);
      for (const [i, [end, , reason]] of told.entries()) {
        expect(end).toBe(side === 'client' ? 'worker-failed' : 'malformed');
        if (i % 3 > 0) expect(reason).toContain('over the limits');
        else expect(reason).toContain('ended');
      }
    }
  });

  test('a server that reads nonsense ends with the code 2 and says why', async () => {
    const child = spawn(python.program, [join(folder, 'dqn_gymnasium.py')], { env: { ...process.env, PYTHONPATH: python.path } });
    const [errors, exit] = [text(child.stderr), once(child, 'exit')];
    child.stdin.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(await exit).toEqual([2, null]);
    expect(await errors).toContain('a message begins with');
  });
});
