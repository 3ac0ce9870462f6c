// One engine in a page.
import { serveTimings } from './serve.ts';

Object.assign(globalThis, { ask: serveTimings() });
