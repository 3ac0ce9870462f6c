// What joins the streams of a dueling layer.

/** For each w of W: `y[a, w] = v[w] + x[a, w] − m[w]`, m the mean of x[·, w], or with `max` the largest. */
export function dueling(rows: i32, A: i32, W: i32, max: i32, v: usize, vRow: usize, x: usize, xRow: usize, y: usize, yRow: usize): void {
  const step = <usize>W << 2, end = step * <usize>A, share: f32 = 1 / <f32>A;
  for (let i = 0; i < rows; i++) {
    for (let w: usize = 0; w < step; w += 4) {
      let sum: f32 = 0, most: f32 = load<f32>(x + w);
      for (let j = w; j < end; j += step) {
        const each = load<f32>(x + j);
        sum += each;
        if (each > most) most = each;
      }
      const base = load<f32>(v + w) - (max ? most : sum * share);
      for (let j = w; j < end; j += step) store<f32>(y + j, load<f32>(x + j) + base);
    }
    v += vRow;
    x += xRow;
    y += yRow;
  }
}

/** The gradients of v and x from d, that of y; behind their numbers they are left as they are. The largest x is the first of equals. */
export function duelingBackward(rows: i32, A: i32, W: i32, max: i32, x: usize, xRow: usize, d: usize, dRow: usize, dv: usize, dvRow: usize,
  dx: usize, dxRow: usize): void {
  const step = <usize>W << 2, end = step * <usize>A, share: f32 = 1 / <f32>A;
  for (let i = 0; i < rows; i++) {
    for (let w: usize = 0; w < step; w += 4) {
      let sum: f32 = 0, best = w;
      for (let j = w; j < end; j += step) {
        sum += load<f32>(d + j);
        if (load<f32>(x + j) > load<f32>(x + best)) best = j;
      }
      store<f32>(dv + w, sum);
      const taken: f32 = max ? 0 : sum * share;
      for (let j = w; j < end; j += step) store<f32>(dx + j, load<f32>(d + j) - taken);
      if (max) store<f32>(dx + best, load<f32>(dx + best) - sum);
    }
    x += xRow;
    d += dRow;
    dv += dvRow;
    dx += dxRow;
  }
}
