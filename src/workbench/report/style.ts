/** Eight colours that remain different for colour-blind eyes, on light and on dark pages (Okabe and Ito 2008, the black one left out). */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8c6bb1', '#7f7f7f'];

/** The look of curves: their colours, and those of words and lines around them. */
export function curveStyle(ink: string, faint: string): string {
  return [
    `svg text { font-size: 12px; fill: ${ink}; }`,
    `.grid { stroke: ${faint}; } .band { opacity: 0.2; } .mean { fill: none; stroke-width: 2; }`,
    ...COLORS.map((color, i) => `.band.c${i}, .dot.c${i} { fill: ${color}; } .mean.c${i} { stroke: ${color}; }`),
  ].join('\n');
}

/** The look of a report. */
export const STYLE = `
:root { color-scheme: light dark; --page: #fff; --ink: #1f2937; --faint: #e5e7eb; }
@media (prefers-color-scheme: dark) { :root { --page: #111827; --ink: #e5e7eb; --faint: #374151; } }
body { font: 15px/1.5 system-ui, sans-serif; background: var(--page); color: var(--ink); max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr)); gap: 1.5rem; margin: 2rem 0; }
figure { margin: 0; } figcaption { font-weight: 600; }
svg { width: 100%; height: auto; }
${curveStyle('var(--ink)', 'var(--faint)')}
table { border-collapse: collapse; display: block; overflow-x: auto; } th, td { text-align: left; padding: 0.25rem 1rem 0.25rem 0; border-bottom: 1px solid var(--faint); }
.key { display: inline-block; width: 0.8em; height: 0.8em; margin-right: 0.5em; }
${COLORS.map((color, i) => `.key.c${i} { background: ${color}; }`).join('\n')}
`;
