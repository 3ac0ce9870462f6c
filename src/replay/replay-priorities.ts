/** How the priorities stand that a buffer draws by: for logs. max / mean says how many times as often as the average one something new is drawn, where draws are in proportion. */
export interface ReplayPriorities {
  /** Mean over what can be drawn now. */
  readonly mean: number;
  /** The largest seen so far, with which comes in what is new. */
  readonly max: number;
}
