// Run by ../leaks.ts: measures one backend and prints the report.
import { type LeakBackend, measure } from './measure.ts';

const [backend, updates] = process.argv.slice(2);
console.log(JSON.stringify(await measure(backend as LeakBackend, Number(updates))));
process.exit();
