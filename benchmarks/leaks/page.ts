// Run in a page by ../leaks.ts.
import { measure } from './measure.ts';

Object.assign(globalThis, { measureLeaks: measure });
