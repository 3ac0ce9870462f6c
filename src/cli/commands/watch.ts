import { extname } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { loadPolicy } from '../../index.ts';
import type { Timing } from '../../common/maybe-promise.ts';
import { writeFileAtomic } from '../../node/index.ts';
import { createEngine } from '../configuration/engine.ts';
import { INTERRUPTED } from '../interrupted.ts';
import { positive, wholeNumber } from '../parse.ts';
import { findPolicy, WHICH, type FoundPolicy, type Which } from '../policy/find-policy.ts';
import { UserMistake } from '../user-mistake.ts';
import { MAX_GIF_FPS } from '../watch/animated-gif.ts';
import { captionLine, captionLines } from '../watch/caption.ts';
import { svgFilm, type Film } from '../watch/film.ts';
import { gifFilm } from '../watch/gif-film.ts';
import { drawn, pictured, play, type Moment } from '../watch/play.ts';
import { Screen } from '../watch/screen.ts';

interface WatchFlags {
  readonly which?: Which;
  readonly episodes: number;
  readonly seed: number;
  readonly maxSteps: number;
  readonly fps: number;
  readonly engine: string;
  readonly out?: string;
}

/** `dqn watch` */
export function watchCommand(): Command {
  return new Command('watch')
    .description('Watch a policy play: in the terminal, or as an animated picture in a file.')
    .argument('<policy>', 'the folder of a run, or a policy file')
    .argument('[environment]', 'an id, ./my-env.js#MyEnv or gymnasium:Id (default: that of the run)')
    .addOption(new Option('-w, --which <policy>', 'of a run (default: best, where there is one)').choices(WHICH))
    .option('-n, --episodes <count>', 'episodes to play', wholeNumber(1), 1)
    .option('-s, --seed <number>', 'episode i starts by this seed plus i', wholeNumber(0), 0)
    .option('--max-steps <count>', 'steps after which an episode is cut off', wholeNumber(1), 1000)
    .option('--fps <rate>', 'steps in a second', positive, 30)
    .option('-e, --engine <name>', 'wasm, or tfjs:cpu|wasm|webgpu|node|node-gpu', 'wasm')
    .option('-o, --out <file>', 'an animated .svg or .gif, in place of the terminal')
    .action(async (path: string, environment: string | undefined, flags: WatchFlags) => {
      const { out, which, fps } = flags;
      const ending = out === undefined ? undefined : extname(out).toLowerCase();
      if (ending !== undefined && ending !== '.svg' && ending !== '.gif') {
        throw new UserMistake(`${out}: expected a name that ends in .svg or .gif but received ${ending || 'no ending'}.`);
      }
      if (ending === '.gif' && fps > MAX_GIF_FPS) {
        throw new UserMistake(`--fps ${fps}: a .gif shows at most ${MAX_GIF_FPS} pictures in a second.`);
      }
      const found = await findPolicy({ path, which, environment });
      const options = { name: found.environment, title: `${found.path} on ${found.environment}`, fps };
      const film = ending === '.gif' ? await gifFilm(options) : ending === '.svg' ? svgFilm(options) : undefined;
      await runWatch(found, flags, film);
    });
}

async function runWatch(found: FoundPolicy, flags: WatchFlags, film: Film | undefined): Promise<void> {
  const { out, fps } = flags;
  const world = await found.create(film !== undefined);
  const engine = await createEngine(flags.engine);
  const policy = await loadPolicy<unknown, Timing>(found.bytes, world, { head: found.head, engine });
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const screen = new Screen(process.stdout);
  let pictures = 0;
  const ends: Moment[] = [];
  try {
    for await (const moment of play(policy, world, { ...flags, tellsValues: !found.remembers })) {
      if (stop.signal.aborted) break;
      if (moment.end) ends.push(moment);
      if (film) {
        film.add(await pictured(found.environment, world), captionLine(moment));
        pictures++;
        // So that a signal is heard.
        await setImmediate();
      } else {
        screen.show([await drawn(found.environment, world, 'ansi'), '', ...captionLines(moment)].join('\n'));
        // At a rate for whoever looks; another program need not wait. Either way a signal is heard.
        await setTimeout(screen.live ? 1000 / fps : 0, undefined, { signal: stop.signal }).catch(() => undefined);
      }
    }
  } finally {
    screen.close();
    process.removeListener('SIGINT', interrupt).removeListener('SIGTERM', interrupt);
    policy.dispose();
    await world.close?.();
  }
  if (stop.signal.aborted) {
    process.exitCode = INTERRUPTED;
    return;
  }
  if (film && out !== undefined) {
    const parts = film.finish();
    await writeFileAtomic(out, parts);
    const bytes = parts.reduce((sum, { length }) => sum + length, 0);
    console.error(`${out}: ${pictures} pictures, ${bytes.toLocaleString('en')} bytes`);
  }
  for (const { episode, step, total, end } of ends) console.log(`Episode ${episode}: return ${total} in ${step} steps (${end})`);
}
