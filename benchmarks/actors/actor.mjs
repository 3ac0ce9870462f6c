import { serveActor } from '../../dist/node.js';
import { agentOptions, worlds } from './recipe.mjs';

serveActor({ create: ({ world, learns }) => ({ environment: worlds[world].make(), agent: agentOptions(world, learns) }) });
