import { blockFragile, fragileEngine, loseFragile } from '../support/fragile-backend.ts';
import { testRecovery, testRecoveryOfCalls } from '../support/recovery-suite.ts';

for (const kind of ['context', 'device'] as const) {
  const losing = {
    backend: `fragile ${kind}`,
    start: (options: Parameters<typeof fragileEngine>[1]) => fragileEngine(kind, options),
    lose: loseFragile,
    block: blockFragile,
  };
  testRecovery(`a ${kind}, once`, { ...losing, few: true });
  testRecovery(`a ${kind}`, losing);
  testRecoveryOfCalls(`a ${kind}`, losing);
}
