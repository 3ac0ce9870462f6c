/** A mistake of the user's: shown as its one sentence, with exit code 1. */
export class UserMistake extends Error {
  override readonly name = 'UserMistake';
}
