import { serveTraining } from '../../src/browser/index.ts';
import { cartPole } from './agent.ts';

serveTraining({ create: cartPole });
