// One engine in a process of Node.
import { serveTimings, type Question } from './serve.ts';

const ask = serveTimings();
process.on('message', (question: Question) => {
  void ask(question).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
