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

/** Dot products divided by the root of the width: attnkit.scaled_dot_scores. */
export function scaledDotScores(queries, keys) {
  const root = Math.sqrt(queries[0].length);
  return dotScores(queries.map((query) => scaled(query, 1 / root)), keys);
}

export function cosineScores(queries, keys) {
  return queries.map((query) => keys.map((key) => cosine(query, key)));
}

/** Bahdanau's score, `v · tanh(W q + U k)`. */
export function additiveScores(queries, keys, queryWeights, keyWeights, vector) {
  const project = (weights, rows) => rows.map((row) => weights.map((weight) => dot(weight, row)));
  const projected = project(keyWeights, keys);
  return project(queryWeights, queries).map((query) =>
    projected.map((key) => dot(vector, query.map((x, i) => Math.tanh(x + key[i])))),
  );
}

/** Luong's general score, `q · W k`. */
export function generalScores(queries, keys, weights) {
  return dotScores(queries, keys.map((key) => weights.map((row) => dot(row, key))));
}

/** Luong's concat score, `v · tanh(W [q; k])`: the additive score with both matrices in one. */
export function concatScores(queries, keys, weights, vector) {
  const width = queries[0].length;
  const [left, right] = [weights.map((row) => row.slice(0, width)), weights.map((row) => row.slice(width))];
  return additiveScores(queries, keys, left, right, vector);
}

/** Luong's location score: the query alone scores the first `nKeys` positions. */
export function locationScores(queries, weights, nKeys) {
  return dotScores(queries, weights.slice(0, nKeys));
}

/** For each centre, which of `nKeys` positions (from 0) lie no further from it than `halfWidth`. */
export function localWindow(centres, nKeys, halfWidth) {
  return centres.map((centre) => Array.from({ length: nKeys }, (_, j) => Math.abs(j - centre) <= halfWidth));
}

/** A bell curve around each centre, of standard deviation `halfWidth / 2`: 1 at the centre itself. */
export function localGaussian(centres, nKeys, halfWidth) {
  const factor = (distance) => Math.exp(-0.5 * (distance / (halfWidth / 2)) ** 2);
  return centres.map((centre) => Array.from({ length: nKeys }, (_, j) => factor(j - centre)));
}

/** Which keys stand at or before each query. */
export function causalMask(queryPositions, keyPositions = queryPositions) {
  return queryPositions.map((query) => keyPositions.map((key) => key <= query));
}

/** Which keys are among the last `width` up to each query. */
export function slidingWindowMask(queryPositions, keyPositions, width) {
  return queryPositions.map((query) => keyPositions.map((key) => key <= query && query - key < width));
}

/** The angle of the clock that component c of `width` belongs to; a sine and its cosine share one. */
function clockAngle(position, c, width, base) {
  return position * base ** (-(c - (c % 2)) / width);
}

/** Sine, cosine, sine, cosine, … of clocks from fast to slow, at each position. */
export function sinusoidalPositions(positions, width, base = 10000) {
  return positions.map((position) =>
    Array.from({ length: width }, (_, c) => (c % 2 === 0 ? Math.sin : Math.cos)(clockAngle(position, c, width, base))),
  );
}

/** Turn each vector by its position: components 0 and 1 together, 2 and 3, …, each pair by the angle of its clock. */
export function rotary(vectors, positions, base = 10000) {
  return vectors.map((vector, i) =>
    vector.map((x, c) => {
      const angle = clockAngle(positions[i], c, vector.length, base);
      const other = c % 2 === 0 ? -vector[c + 1] : vector[c - 1];
      return x * Math.cos(angle) + other * Math.sin(angle);
    }),
  );
}

/** How much each head minds distance: ALiBi's slopes, as attnkit.alibi_slopes has them for any number of heads. */
export function alibiSlopes(heads) {
  const power = 2 ** Math.floor(Math.log2(heads));
  return Array.from({ length: heads }, (_, h) => 2 ** (h < power ? (-8 * (h + 1)) / power : (-4 * (2 * (h - power) + 1)) / power));
}

/** What ALiBi adds to the scores of each head: minus its slope for each position between query and key. */
export function alibiBiases(queryPositions, keyPositions, slopes) {
  return slopes.map((slope) => queryPositions.map((query) => keyPositions.map((key) => 0 - slope * Math.abs(query - key))));
}

/** Each vector brought to mean 0 and variance 1, then scaled and shifted number by number. */
export function layerNorm(vectors, scale, shift, epsilon = 1e-5) {
  return vectors.map((vector) => {
    const mean = vector.reduce((sum, x) => sum + x, 0) / vector.length;
    const variance = vector.reduce((sum, x) => sum + (x - mean) ** 2, 0) / vector.length;
    return vector.map((x, c) => ((x - mean) / Math.sqrt(variance + epsilon)) * scale[c] + shift[c]);
  });
}

/** One step of an LSTM; the rows of the weights are input gate, forget gate, candidate, output gate, as in torch. */
export function lstmStep(input, hidden, cell, inputWeights, recurrentWeights, bias) {
  const sums = bias.map((b, row) => dot(inputWeights[row], input) + dot(recurrentWeights[row], hidden) + b);
  const part = (gate, squash) => hidden.map((_, d) => squash(sums[gate * hidden.length + d]));
  const sigmoid = (x) => 1 / (1 + Math.exp(-x));
  const [inputGate, forgetGate, outputGate] = [part(0, sigmoid), part(1, sigmoid), part(3, sigmoid)];
  const candidate = part(2, Math.tanh);
  const kept = cell.map((c, d) => forgetGate[d] * c + inputGate[d] * candidate[d]);
  const shown = kept.map((c, d) => outputGate[d] * Math.tanh(c));
  return { inputGate, forgetGate, candidate, outputGate, cell: kept, hidden: shown };
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
