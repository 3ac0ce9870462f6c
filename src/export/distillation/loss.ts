import { softmaxRow } from './softmax-row.ts';

/**
 * How far a student is from its teacher on a batch, and the gradient of the mean over its rows with respect to the student's outputs `[B, A]`. Gives that mean.
 */
export type DistillationLoss = (
  outputs: Float32Array,
  teacher: Float32Array,
  batch: number,
  actions: number,
  gradient: Float32Array,
) => number;

/**
 * The divergence of softmax policies, the teacher's sharpened by a temperature: `L = Σ_a p(a) ln(p(a) / π(a))`, `p = softmax(q_T / τ)`, `π = softmax(outputs)`, whose gradient is
 * `(π − p) / B` (Rusu et al. 2016, eq. 3). The student's outputs are then the logits of a policy, whose best action is the teacher's; they are no Q-values.
 */
export function divergence(temperature: number): DistillationLoss {
  return (outputs, teacher, batch, actions, gradient) => {
    const p = new Float64Array(actions);
    const student = new Float64Array(actions);
    let sum = 0;
    for (let at = 0, end = batch * actions; at < end; at += actions) {
      const teacherLog = softmaxRow(teacher, at, temperature, p);
      const studentLog = softmaxRow(outputs, at, 1, student);
      for (let a = 0; a < actions; a++) {
        // ln p and ln π from the logits: a probability may be 0.
        sum += p[a] * (teacher[at + a] / temperature - teacherLog - outputs[at + a] + studentLog);
        gradient[at + a] = (student[a] - p[a]) / batch;
      }
    }
    return sum / batch;
  };
}

/** Half the squared error of the Q-values, `L = ½ Σ_a (outputs(a) − q_T(a))²`, whose gradient is `(outputs − q_T) / B` (Rusu et al. 2016, eq. 2): the student's outputs are Q-values. */
export const squaredError: DistillationLoss = (outputs, teacher, batch, actions, gradient) => {
  let sum = 0;
  for (let i = 0, end = batch * actions; i < end; i++) {
    const error = outputs[i] - teacher[i];
    sum += 0.5 * error * error;
    gradient[i] = error / batch;
  }
  return sum / batch;
};
