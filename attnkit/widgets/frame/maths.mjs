// The formulas that the widgets repeat in the page: small, pure, without DOM.
// attnkit computes the same in Python; tests/golden holds the two to one another.
// A vector is an array of numbers, a matrix an array of rows.

export function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

export function norm(a) {
  return Math.hypot(...a);
}

/** A zero vector points nowhere: its cosine with everything is 0, as in attnkit.cosine_scores. */
export function cosine(a, b) {
  const lengths = norm(a) * norm(b);
  return lengths === 0 ? 0 : dot(a, b) / lengths;
}

export function dotScores(queries, keys) {
  return queries.map((query) => keys.map((key) => dot(query, key)));
}

export function cosineScores(queries, keys) {
  return queries.map((query) => keys.map((key) => cosine(query, key)));
}

/** Softmax of one row. `mask[i]` true means that key i may be attended to; a row with no such key gets zeros. */
export function softmax(scores, mask = scores.map(() => true), temperature = 1) {
  const top = Math.max(...scores.filter((_, i) => mask[i]));
  const powers = scores.map((score, i) => (mask[i] ? Math.exp((score - top) / temperature) : 0));
  const sum = powers.reduce((a, b) => a + b, 0);
  return sum === 0 ? powers : powers.map((power) => power / sum);
}

/** Hard attention: all the weight on the first of the largest scores. */
export function argmaxWeights(scores) {
  const best = scores.indexOf(Math.max(...scores));
  return scores.map((_, i) => (i === best ? 1 : 0));
}

/** Sum of the rows of `values`, each times its weight. */
export function weightedSum(weights, values) {
  return values[0].map((_, d) => dot(weights, values.map((row) => row[d])));
}

/** Entropy in bits; 0 · log 0 = 0. */
export function entropy(weights) {
  return weights.reduce((sum, w) => (w > 0 ? sum - w * Math.log2(w) : sum), 0);
}

export function scaled(vector, factor) {
  return vector.map((x) => x * factor);
}

/** The convex hull of points in the plane, counter-clockwise (Andrew's monotone chain). */
export function hull(points) {
  const sorted = [...points].sort((p, q) => p[0] - q[0] || p[1] - q[1]);
  const turn = (o, p, q) => (p[0] - o[0]) * (q[1] - o[1]) - (p[1] - o[1]) * (q[0] - o[0]);
  const chain = (ordered) => {
    const kept = [];
    for (const point of ordered) {
      while (kept.length > 1 && turn(kept[kept.length - 2], kept[kept.length - 1], point) <= 0) kept.pop();
      kept.push(point);
    }
    return kept.slice(0, -1);
  };
  return sorted.length < 3 ? sorted : [...chain(sorted), ...chain(sorted.reverse())];
}
