import type { Moment } from './play.ts';

const BAR = 24;

/** The moment in words: episode, step and return, then a line for each action with its Q-value as a bar, from the smallest on; `▶` marks what is done. */
export function captionLines({ episode, step, total, qValues, action, end }: Moment): string[] {
  const head = `episode ${episode}  step ${step}  return ${round(total)}${end ? `  ${end}` : ''}`;
  if (!qValues) return action === undefined ? [head] : [head, `▶ action ${action}`];
  const low = Math.min(...qValues);
  const range = Math.max(...qValues) - low;
  const width = String(qValues.length - 1).length;
  const values = Array.from(qValues, (value) => value.toFixed(3));
  const digits = Math.max(...values.map((value) => value.length));
  return [
    head,
    ...values.map((value, i) => {
      const bar = '█'.repeat(range > 0 ? Math.round(((qValues[i] - low) / range) * BAR) : 0);
      return `${i === action ? '▶' : ' '} Q(${String(i).padStart(width)})  ${value.padStart(digits)}  ${bar}`.trimEnd();
    }),
  ];
}

/** The moment in one line: what is done stands in brackets. */
export function captionLine({ episode, total, qValues, action, end }: Moment): string {
  const values =
    qValues && Array.from(qValues, (value, i) => (i === action ? `[${value.toFixed(2)}]` : value.toFixed(2))).join(' ');
  return `episode ${episode} · return ${round(total)}${end ? ` · ${end}` : ''}${values ? ` · Q ${values}` : ''}`;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
