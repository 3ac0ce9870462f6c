// Run as a web worker.
import { indexedDbStore, serveTraining } from '../../src/browser/index.ts';
import { cartPoleRecipe, type Config } from '../support/cart-pole-recipe.ts';

serveTraining({ create: (config: Config) => cartPoleRecipe(config, () => close(), indexedDbStore()) });
