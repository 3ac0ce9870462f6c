/**
 * Returns of LunarLander under random play and under the rule of thumb, in still air and in wind: mean with its standard error, standard deviation, and how many of
 * the flights land.
 *
 *   npx tsx benchmarks/lunar-lander.ts [flights, 200 unless told otherwise]
 */
import { LunarLander, landByRule } from '../src/box2d/index.ts';
import { Random } from '../src/common/random.ts';

const flights = Number(process.argv[2] ?? 200);
const random = new Random(5);
const policies = { random: () => random.integer(4), rule: landByRule };

console.log('| policy | air | mean return | standard deviation | land |\n| --- | --- | --- | --- | --- |');
for (const enableWind of [false, true]) {
  for (const [name, choose] of Object.entries(policies)) {
    const environment = new LunarLander({ enableWind });
    environment.reset({ seed: 1 });
    const returns: number[] = [];
    let landed = 0;
    for (let flight = 0; flight < flights; flight++) {
      let { observation } = environment.reset();
      let total = 0;
      for (let over = false; !over;) {
        const { reward, terminated, truncated, ...next } = environment.step(choose(observation));
        observation = next.observation;
        total += reward;
        over = terminated || truncated;
        if (terminated && reward === 100) landed++;
      }
      returns.push(total);
    }
    const mean = returns.reduce((a, b) => a + b) / flights;
    const std = Math.sqrt(returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (flights - 1));
    const cells = [
      `${mean.toFixed(1)} ± ${(std / Math.sqrt(flights)).toFixed(1)}`,
      std.toFixed(0),
      `${((100 * landed) / flights).toFixed(0)} %`,
    ];
    console.log(`| ${name} | ${enableWind ? 'wind' : 'still'} | ${cells.join(' | ')} |`);
  }
}
