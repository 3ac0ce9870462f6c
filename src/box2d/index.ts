/**
 * Environments with rigid bodies, on the optional peer `planck`, a port of Box2D.
 *
 * @packageDocumentation
 */

export { landByRule } from './land-by-rule.ts';
export { LunarLander } from './lunar-lander.ts';
export type { LunarLanderOptions } from './lunar-lander.ts';
