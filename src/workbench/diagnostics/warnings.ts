/** What may be wrong with a run. */
export type WarningKind =
  | 'impossible-values'
  | 'overestimation'
  | 'growing-loss'
  | 'clipped-gradients'
  | 'large-rewards'
  | 'large-observations'
  | 'dead-units'
  | 'rank-collapse';

/** A thing that looks wrong, in words. */
export interface TrainingWarning {
  readonly kind: WarningKind;
  /** Environment steps of the agent when it was noticed. */
  readonly step: number;
  /** What was seen, and what to try. */
  readonly message: string;
}

/** What is known of a run since the last look. */
export interface Observed {
  /** γ. */
  readonly discount: number;
  /** The largest `|r|` of the whole run, before n-step sums. */
  readonly largestReward: number;
  /** The largest number, by its size, that goes into the network, its input scale counted in. */
  readonly largestInput: number;
  /** Means over the updates since the last look; undefined where there were none. */
  readonly meanQ: number | undefined;
  readonly loss: number | undefined;
  /** The smallest mean loss of earlier looks. */
  readonly smallestLoss: number | undefined;
  /** The share of those updates whose gradient was clipped. */
  readonly clipped: number | undefined;
  readonly deadUnits: number | undefined;
  readonly effectiveRank: number | undefined;
  /** The largest effective rank of earlier looks. */
  readonly largestRank: number | undefined;
  readonly predicted: number | undefined;
  readonly realised: number | undefined;
}

const LARGE_REWARD = 100;
const LARGE_INPUT = 30;
/** Estimates this many times the most that can be got are no rounding. */
const IMPOSSIBLE = 1.5;
const GROWTH = 1_000;

const round = (x: number): string => Number(x.toPrecision(3)).toLocaleString('en');
const percent = (x: number): string => `${Math.round(100 * x)} %`;

/** Each gives a message where its kind of thing looks wrong. */
const RULES: { readonly [kind in WarningKind]: (seen: Observed) => string | undefined } = {
  'impossible-values': ({ meanQ, largestReward, discount }) => {
    const most = largestReward / (1 - discount);
    if (meanQ === undefined || discount === 1 || largestReward === 0 || Math.abs(meanQ) <= IMPOSSIBLE * most) return undefined;
    return (
      `The mean Q-value is ${round(meanQ)}, but with rewards of at most ${round(largestReward)} and a discount of ${discount} no policy gets beyond ±${round(most)}. ` +
      'The estimates are running away: try a lower learning rate, a target network that follows more slowly, doubleQ() as the bootstrap rule, or fewer n-step returns.'
    );
  },
  overestimation: ({ predicted, realised, largestReward }) => {
    if (predicted === undefined || realised === undefined) return undefined;
    if (predicted - realised <= Math.max(0.5 * Math.abs(realised), largestReward)) return undefined;
    return (
      `The agent expects ${round(predicted)} on average and gets ${round(realised)}. It believes too much: try doubleQ() or clippedDoubleQ() as the bootstrap rule, averaged targets, ` +
      'or a target network that follows more slowly. Early in training this is common, and goes by.'
    );
  },
  'growing-loss': ({ loss, smallestLoss }) => {
    if (loss === undefined || smallestLoss === undefined || !(loss > GROWTH * smallestLoss) || loss < 1) return undefined;
    return (
      `The mean loss is ${round(loss)}, ${round(loss / smallestLoss)} times the smallest so far. Try a lower learning rate, a smaller maxGradientNorm, or rewards of a smaller scale ` +
      '(rewardClip or rewardScale around the environment).'
    );
  },
  'clipped-gradients': ({ clipped }) => {
    if (clipped === undefined || clipped < 0.95) return undefined;
    return (
      `${percent(clipped)} of the gradients were clipped, so that the learning rate says little about the steps taken. Try rewards of a smaller scale (rewardClip or rewardScale around the ` +
      'environment), or a larger maxGradientNorm with a lower learning rate.'
    );
  },
  'large-rewards': ({ largestReward }) =>
    largestReward <= LARGE_REWARD
      ? undefined
      : `A reward was ${round(largestReward)} in size. Values of that scale make the first updates huge and the Huber loss a line: try rewardScale or rewardClip around the environment.`,
  'large-observations': ({ largestInput }) =>
    largestInput <= LARGE_INPUT
      ? undefined
      : `Numbers of up to ${round(largestInput)} go into the network, which learns best from numbers around 1: try normalizeObservation or a scale of your own around the environment.`,
  'dead-units': ({ deadUnits }) =>
    deadUnits === undefined || deadUnits <= 0.5
      ? undefined
      : `${percent(deadUnits)} of the ReLU units give 0 for every observation that was tried, and learn no more: try a lower learning rate, leakyRelu or layer normalisation, and inputs around 1.`,
  'rank-collapse': ({ effectiveRank, largestRank }) =>
    effectiveRank === undefined || largestRank === undefined || largestRank < 8 || effectiveRank > largestRank / 4
      ? undefined
      : `The features before the last layer use ${effectiveRank} directions where they used ${largestRank}: the network is losing what it could still tell apart. Try fewer updates a step, layer normalisation, or n-step returns.`,
};

/** All that looks wrong. */
export function warningsOf(seen: Observed, step: number): TrainingWarning[] {
  return Object.entries(RULES).flatMap(([kind, rule]) => {
    const message = rule(seen);
    return message === undefined ? [] : [{ kind: kind as WarningKind, step, message }];
  });
}
