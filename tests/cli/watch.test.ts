import { describe, expect, test } from 'vitest';
import { animatedSvg, sizeOf } from '../../src/cli/watch/animated-svg.ts';
import { captionLine, captionLines } from '../../src/cli/watch/caption.ts';
import { Screen } from '../../src/cli/watch/screen.ts';

/** What a terminal shows after a text: lines of the main and of the alternate screen, as far as the codes of Screen go. */
function terminal(): {
  isTTY: true;
  write: (text: string) => void;
  shown: () => { lines: string[]; alternate: boolean; cursor: boolean };
} {
  let [lines, row, alternate, cursor] = [[''], 0, false, true];
  return {
    isTTY: true,
    write(text) {
      for (const [token] of text.matchAll(/\u001b\[\??\d*[a-zA-Z]|\n|[^\u001b\n]+/g)) {
        if (token === '\u001b[?1049h') [alternate, lines, row] = [true, [''], 0];
        else if (token === '\u001b[?1049l') [alternate, lines, row] = [false, [''], 0];
        else if (token === '\u001b[?25l') cursor = false;
        else if (token === '\u001b[?25h') cursor = true;
        else if (token === '\u001b[H') row = 0;
        else if (token === '\u001b[J') lines.length = row + 1;
        else if (token === '\n') row++;
        else if (token !== '\u001b[K') lines[row] = token;
      }
    },
    shown: () => ({ lines: [...lines], alternate, cursor }),
  };
}

describe('Screen', () => {
  test('shows each frame in the place of the one before and leaves the terminal as it was', () => {
    const output = terminal();
    const screen = new Screen(output);
    screen.show('one\ntwo\nthree');
    expect(output.shown()).toEqual({ lines: ['one', 'two', 'three'], alternate: true, cursor: false });
    screen.show('four\nfive');
    expect(output.shown()).toEqual({ lines: ['four', 'five'], alternate: true, cursor: false });
    screen.close();
    screen.close();
    expect(output.shown()).toMatchObject({ alternate: false, cursor: true });
  });

  test('writes nothing but text where there is no terminal, and nothing at all where nothing is shown', () => {
    const texts: string[] = [];
    const output = { write: (text: string) => texts.push(text) };
    new Screen(output).close();
    new Screen({ ...output, isTTY: true }).close();
    const screen = new Screen(output);
    screen.show('\u001b[38;5;160mred\u001b[0m');
    screen.close();
    expect(texts).toEqual(['red\n\n']);
  });
});

describe('captions', () => {
  const moment = { episode: 1, step: 3, total: 0.1 + 0.2, qValues: Float32Array.of(-1, 3, 1), action: 1 };

  test('tell Q-values as bars from the smallest on', () => {
    expect(captionLines(moment)).toEqual([
      'episode 1  step 3  return 0.3',
      '  Q(0)  -1.000',
      `▶ Q(1)   3.000  ${'█'.repeat(24)}`,
      `  Q(2)   1.000  ${'█'.repeat(12)}`,
    ]);
    expect(captionLine(moment)).toBe('episode 1 · return 0.3 · Q -1.00 [3.00] 1.00');
  });

  test('tell equal values, the action alone where there are no values, and the end', () => {
    expect(captionLines({ ...moment, qValues: Float32Array.of(2, 2) })[1]).toBe('  Q(0)  2.000');
    expect(captionLines({ ...moment, qValues: undefined })).toEqual(['episode 1  step 3  return 0.3', '▶ action 1']);
    expect(captionLine({ episode: 2, step: 9, total: 5, end: 'terminated' })).toBe('episode 2 · return 5 · terminated');
  });
});

describe('animatedSvg', () => {
  test('takes pictures with a prolog and their size from the first', () => {
    const picture = '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 20"><rect/></svg>';
    const svg = animatedSvg('a < b', [{ picture, caption: 'Q & A' }], 4);
    expect(svg).toContain('viewBox="0 0 30 48"');
    expect(svg).toContain('<title>a &lt; b</title>');
    expect(svg).toContain('>Q &amp; A</text>');
    expect(svg).not.toContain('<?xml');
    // The one picture is also the last, which stays for a quarter of a second and a second more.
    expect(svg).toContain('@keyframes l{0%{visibility:visible}100.0000%,100%{visibility:hidden}}');
  });

  test.each([
    ['<svg width="300" height="200" viewBox="0 0 3 2">', { width: 300, height: 200 }],
    ['<svg width="300px" height="200px">', { width: 300, height: 200 }],
    ['<svg width="100%" viewBox="-1 -1 50 40">', { width: 50, height: 40 }],
    ['nothing', { width: 600, height: 400 }],
  ])('finds the size of %s', (tag, size) => expect(sizeOf(tag)).toEqual(size));
});
