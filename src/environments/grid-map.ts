import { DqnError, describe } from '../common/errors.ts';

/** What {@link parseMap} must know of a kind of maps. */
interface MapRules {
  /** Where the map was given, for errors. */
  readonly where: string;
  /** The characters of a cell. */
  readonly letters: readonly string[];
  /** Which of them must be there. */
  readonly needed: readonly string[];
  /** How to draw a map, as a sentence. */
  readonly remedy: string;
}

/**
 * The rows of a map drawn as text, one line a row; blanks around lines and empty lines are ignored.
 * @throws DqnError `invalid-option` if it is no text, has other characters, rows of different lengths, or lacks a needed character.
 */
export function parseMap(map: string, { where, letters, needed, remedy }: MapRules): readonly string[] {
  const refuse = (expected: string, received: string): DqnError =>
    new DqnError({ code: 'invalid-option', where, expected, received, remedy });
  if (typeof map !== 'string') throw refuse('a text', describe(map));
  const lines = map
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  for (const [row, line] of lines.entries()) {
    const strange = [...line].find((letter) => !letters.includes(letter));
    if (strange !== undefined) {
      const known = `${letters.slice(0, -1).join(', ')} and ${letters.at(-1)}`;
      throw refuse(`the characters ${known} alone`, `${describe(strange)} in row ${row}`);
    }
    if (line.length !== lines[0].length) {
      throw refuse(`${lines[0].length} cells in every row, as in row 0`, `${line.length} in row ${row}`);
    }
  }
  for (const letter of needed) {
    if (!lines.some((line) => line.includes(letter))) throw refuse(`at least one ${letter}`, `a map without ${letter}`);
  }
  return lines;
}
