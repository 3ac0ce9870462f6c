import { escapeText } from '../svg.ts';

/** A picture of a film. */
export interface SvgFrame {
  /** A whole SVG document. */
  readonly picture: string;
  /** What stands below it. */
  readonly caption: string;
}

/** Height of the line below the pictures. */
export const STRIP = 28;
/** How long the last picture of a film stays before it all begins again, in seconds. */
export const HOLD = 1;

/**
 * A film as one SVG document that needs nothing else: all pictures lie on one another, and a CSS animation shows each in its turn, again and again. Viewers without animations, and readers who want
 * no motion, see the first.
 */
export function animatedSvg(title: string, frames: readonly SvgFrame[], fps: number): string {
  const { width, height } = sizeOf(frames[0].picture);
  const seconds = 1 / fps;
  const period = frames.length * seconds + HOLD;
  const share = (part: number): string => ((part / period) * 100).toFixed(4);
  const groups = frames.map((frame, i) => {
    const last = i === frames.length - 1 ? ' l' : '';
    return `<g class="f${last}" style="animation-delay:${(i * seconds).toFixed(4)}s">${drawing(frame, height)}</g>`;
  });
  return [
    openingTag(width, height + STRIP),
    `<title>${escapeText(title)}</title>`,
    '<style>',
    `@keyframes f{0%{visibility:visible}${share(seconds)}%,100%{visibility:hidden}}`,
    `@keyframes l{0%{visibility:visible}${share(seconds + HOLD)}%,100%{visibility:hidden}}`,
    `.f{visibility:hidden;animation:f ${period.toFixed(4)}s step-end infinite}`,
    '.l{animation-name:l}',
    '.f:nth-of-type(1){visibility:visible}',
    '@media (prefers-reduced-motion:reduce){.f{animation:none}}',
    '</style>',
    ground(width, height + STRIP),
    ...groups,
    '</svg>',
    '',
  ].join('\n');
}

/** A picture of a film by itself, `height` and the line below it high. */
export function stillSvg(frame: SvgFrame, width: number, height: number): string {
  return `${openingTag(width, height + STRIP)}${ground(width, height + STRIP)}${drawing(frame, height)}</svg>`;
}

function openingTag(width: number, height: number): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`;
}

function ground(width: number, height: number): string {
  return `<rect width="${width}" height="${height}" fill="#ffffff"/>`;
}

function drawing({ picture, caption }: SvgFrame, height: number): string {
  const text = `<text x="12" y="${height + STRIP - 10}" font-size="14" font-family="sans-serif" fill="#1f2937">${escapeText(caption)}</text>`;
  return withoutProlog(picture) + text;
}

/** From its first tag; those of environments are 600 × 400. */
export function sizeOf(picture: string): { readonly width: number; readonly height: number } {
  const [tag] = /<svg\b[^>]*>/.exec(picture) ?? [''];
  const [, , , wide, high] = /\bviewBox="([-\d.]+)[ ,]+([-\d.]+)[ ,]+([\d.]+)[ ,]+([\d.]+)"/.exec(tag) ?? [];
  const attribute = (name: string): number => Number(new RegExp(`\\s${name}="([\\d.]+)(?:px)?"`).exec(tag)?.[1] ?? NaN);
  const width = attribute('width') || Number(wide) || 600;
  const height = attribute('height') || Number(high) || 400;
  return { width, height };
}

/** From the element on: an XML declaration may stand only at the beginning of a document. */
function withoutProlog(picture: string): string {
  return picture.slice(Math.max(0, picture.indexOf('<svg'))).trim();
}
