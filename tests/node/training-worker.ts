// Run as a worker thread.
import { serveTraining } from '../../src/node/index.ts';
import { cartPoleRecipe, type Config } from '../support/cart-pole-recipe.ts';

serveTraining({ create: (config: Config) => cartPoleRecipe(config, () => process.exit(3)) });
