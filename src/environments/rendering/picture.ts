/** Width of every picture, in pixels. */
export const SVG_WIDTH = 600;
/** Height of every picture, in pixels. */
export const SVG_HEIGHT = 400;

/** The colours of the pictures: for SVG, and the nearest of a terminal's 256. */
export const PALETTE = {
  ink: { svg: '#1f2937', ansi: 244 },
  grey: { svg: '#9ca3af', ansi: 248 },
  pale: { svg: '#e5e7eb', ansi: 252 },
  blue: { svg: '#2563eb', ansi: 33 },
  sky: { svg: '#93c5fd', ansi: 117 },
  orange: { svg: '#ea580c', ansi: 208 },
  green: { svg: '#16a34a', ansi: 34 },
  red: { svg: '#dc2626', ansi: 160 },
  gold: { svg: '#f59e0b', ansi: 220 },
} as const;

/** The name of a colour. */
export type Color = keyof typeof PALETTE;

/** Text made safe inside an SVG element. */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** A pixel coordinate with at most two decimals. */
export function pixel(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** A text element. */
export function svgText(x: number, y: number, size: number, color: Color, anchor: 'start' | 'middle', text: string): string {
  const { svg } = PALETTE[color];
  return `<text x="${pixel(x)}" y="${pixel(y)}" font-size="${pixel(size)}" fill="${svg}" text-anchor="${anchor}">${escape(text)}</text>`;
}

/** A whole SVG document of 600 × 400 pixels: a title, the given elements, and a caption at the lower left. */
export function svgDocument(title: string, caption: string, elements: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${SVG_WIDTH}" height="${SVG_HEIGHT}" viewBox="0 0 ${SVG_WIDTH} ${SVG_HEIGHT}" font-family="sans-serif" role="img">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${SVG_WIDTH}" height="${SVG_HEIGHT}" fill="#ffffff"/>`,
    ...elements,
    svgText(12, SVG_HEIGHT - 12, 14, 'ink', 'start', `${title} · ${caption}`),
    '</svg>',
    '',
  ].join('\n');
}

/** Text in a terminal's colour. */
export function ansiText(color: Color, text: string): string {
  return `\u001b[38;5;${PALETTE[color].ansi}m${text}\u001b[0m`;
}
