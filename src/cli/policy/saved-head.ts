import {
  categorical,
  expected,
  fullyParameterisedQuantile,
  implicitQuantile,
  quantile,
  type CategoricalOptions,
  type ValueHead,
} from '../../index.ts';
import { UserMistake } from '../user-mistake.ts';

/** Makes each of the library's heads from what files tell of it: what its outputs mean, and not how it learns. */
const HEADS: Readonly<Record<string, (settings: object) => ValueHead>> = {
  expected: (settings) => expected(settings),
  categorical: (settings) => categorical(settings as CategoricalOptions),
  quantile: (settings) => quantile(settings),
  implicitQuantile: (settings) => implicitQuantile(settings),
  fullyParameterisedQuantile: (settings) => fullyParameterisedQuantile(settings),
};

/**
 * The head that a policy file names: `categorical of width 51, {"atoms":51,"vMin":-10,"vMax":10}`.
 *
 * @throws UserMistake where it is none of the library's; DqnError `invalid-option` where its settings are none of that head.
 */
export function savedHead(path: string, text: unknown): ValueHead {
  const { kind = '', settings = '' } = /^(?<kind>\w+) of width \d+, (?<settings>\{.*\})$/.exec(String(text))?.groups ?? {};
  if (Object.hasOwn(HEADS, kind)) return HEADS[kind](parse(path, settings));
  throw new UserMistake(
    `${path} has a head of its own (${String(text).slice(0, 60)}), which is code: load it by loadPolicy(bytes, environment, { head }).`,
  );
}

function parse(path: string, settings: string): object {
  try {
    return JSON.parse(settings) as object;
  } catch (cause) {
    throw new UserMistake(`${path} is damaged: expected the settings of its head in JSON but received ${settings.slice(0, 60)}.`, {
      cause,
    });
  }
}
