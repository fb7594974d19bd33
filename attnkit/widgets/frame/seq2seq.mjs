// The recurrent translators of attnkit.models in the page. No DOM. A vector is a typed array, a row of weights too.
// tests/golden/translators.json holds every design to Python.

import { Translator, addProduct, added, product, rowOf } from "../frame/checkpoint.mjs";
import { argmaxWeights, dot, localGaussian, localWindow, softmax } from "../frame/maths.mjs";

const NOWHERE = { scores: null, weights: null, context: null, centre: null };

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

function joined(a, b) {
  const both = new Float64Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** The columns from `from` to `to` of a matrix, as a matrix of their own. */
function columnsOf({ rows, columns, numbers }, from, to) {
  const part = new Float32Array(rows * (to - from));
  for (let i = 0; i < rows; i++) part.set(numbers.subarray(i * columns + from, i * columns + to), i * (to - from));
  return { rows, columns: to - from, numbers: part };
}

/** One LSTM step, written over `hidden` and `cell`: attnkit.bottleneck.lstm_step. */
function moveOn({ input, recurrent, bias, gates }, vector, hidden, cell) {
  const width = hidden.length;
  gates.set(bias);
  addProduct(gates, input, vector);
  addProduct(gates, recurrent, hidden);
  for (let i = 0; i < width; i++) {
    cell[i] = sigmoid(gates[width + i]) * cell[i] + sigmoid(gates[i]) * Math.tanh(gates[2 * width + i]);
    hidden[i] = sigmoid(gates[3 * width + i]) * Math.tanh(cell[i]);
  }
}

/** The layers of an LSTM, each with its one or two directions. */
function lstmFrom({ matrix, vector }, name, inputs, width, layers, directions) {
  const one = (suffix, from) => ({
    input: matrix(`${name}.weight_ih_${suffix}`, 4 * width, from),
    recurrent: matrix(`${name}.weight_hh_${suffix}`, 4 * width, width),
    bias: added(vector(`${name}.bias_ih_${suffix}`, 4 * width), vector(`${name}.bias_hh_${suffix}`, 4 * width)),
    gates: new Float64Array(4 * width),
  });
  const found = [];
  for (let l = 0; l < layers; l++) {
    const from = l === 0 ? inputs : directions * width;
    found.push([`l${l}`, `l${l}_reverse`].slice(0, directions).map((suffix) => one(suffix, from)));
  }
  return found;
}

/* The six scores: what they make of a state once a sentence (`key`), and of a query at each step (`scores`). */

function scoreFrom({ matrix, vector }, { score, d_hidden: d, longest }) {
  const [at, own] = [matrix, vector].map((get) => (part, ...shape) => get(`attention.score.${part}`, ...shape));
  const itself = (state) => state;
  const dots = (query, keys) => Float64Array.from(keys, (key) => dot(query, key));
  const compared = (queryWeights, keyWeights, last) => ({
    key: (state) => product(keyWeights, state),
    scores(query, keys) {
      const projected = product(queryWeights, query);
      return Float64Array.from(keys, (key) => {
        let sum = 0;
        for (let i = 0; i < d; i++) sum += last[i] * Math.tanh(projected[i] + key[i]);
        return sum;
      });
    },
  });
  const makers = {
    dot: () => ({ key: itself, scores: dots }),
    cosine() {
      const strength = Math.exp(own("sharpness", 1)[0]);
      const unit = (state) => {
        const length = Math.sqrt(dot(state, state)) || 1; // a zero vector points nowhere
        return state.map((x) => x / length);
      };
      return { key: unit, scores: (query, keys) => dots(unit(query), keys).map((score) => strength * score) };
    },
    general() {
      const weights = at("weight", d, d);
      return { key: (state) => product(weights, state), scores: dots };
    },
    additive: () => compared(at("query_weight", d, d), at("key_weight", d, d), own("vector", d)),
    concat() {
      const both = at("weight", d, 2 * d);
      return compared(columnsOf(both, 0, d), columnsOf(both, d, 2 * d), own("vector", d));
    },
    location() {
      const weights = at("weight", longest, d);
      return { key: itself, scores: (query, keys) => product(weights, query).subarray(0, keys.length) };
    },
  };
  return makers[score]();
}

/** One translator: `encode` a sentence once, `start`, then `step` by step; `translate` does all three. */
export class Seq2Seq extends Translator {
  static architecture = "recurrent";

  static choices = {
    attention: ["none", "before", "after"],
    score: ["dot", "cosine", "general", "concat", "additive", "location"],
    encoder: ["unidirectional", "bidirectional"],
    window: ["global", "local-m", "local-p"],
    choice: ["soft", "straight-through", "reinforce"],
  };

  static counts = ["source_words", "target_words", "d_embedding", "d_hidden", "layers", "longest", "half_width"];

  constructor(about, parts) {
    super(about);
    const { config } = about;
    const { matrix, vector } = parts;
    const { d_embedding: narrow, d_hidden: d, layers } = config;
    const looks = config.attention !== "none";
    const ways = config.encoder === "bidirectional" ? 2 : 1;
    const extra = config.attention === "before" || config.input_feeding || config.feed_context ? d : 0;
    this.encoder = {
      embedding: matrix("encoder.embedding.weight", config.source_words, narrow),
      layers: lstmFrom(parts, "encoder.lstm", narrow, d / ways, layers, ways),
    };
    this.decoder = {
      embedding: matrix("decoder.embedding.weight", config.target_words, narrow),
      layers: lstmFrom(parts, "decoder.lstm", narrow + extra, d, layers, 1).flat(),
    };
    this.score = looks ? scoreFrom(parts, config) : null;
    this.window = null;
    if (config.window === "local-p") this.window = { weights: matrix("attention.window.weight", d, d), vector: vector("attention.window.vector", d) };
    this.readout = matrix("readout", d, looks ? 2 * d : d);
    this.output = { weights: matrix("output.weight", config.target_words, d), bias: Float64Array.from(vector("output.bias", config.target_words)) };
  }

  /** Read a sentence, given as word numbers: its `states`, their `keys`, and the `context` that starts the decoder. */
  encode(ids) {
    const { config, score } = this;
    const [n, d] = [ids.length, config.d_hidden];
    if (n === 0) throw new Error("A sentence must have one or more words.");
    if (config.score === "location" && n > config.longest) throw new Error(`This model can look at ${config.longest} words at most; the sentence has ${n}.`);
    let states = ids.map((id) => rowOf(this.encoder.embedding, id));
    const context = { hidden: [], cell: [] };
    for (const ways of this.encoder.layers) {
      const [read, last, lastCell] = [ids.map(() => new Float64Array(d)), new Float64Array(d), new Float64Array(d)];
      ways.forEach((layer, way) => {
        const width = d / ways.length;
        const [hidden, cell] = [new Float64Array(width), new Float64Array(width)];
        for (let i = 0; i < n; i++) {
          const j = way === 1 || config.reverse_source ? n - 1 - i : i;
          moveOn(layer, states[j], hidden, cell);
          read[j].set(hidden, way * width);
        }
        last.set(hidden, way * width);
        lastCell.set(cell, way * width);
      });
      states = read;
      context.hidden.push(last);
      context.cell.push(lastCell);
    }
    return { states, keys: score ? states.map(score.key) : states, context };
  }

  /** The state before the first step: the encoder's last. */
  start({ context }) {
    return { hidden: context.hidden, cell: context.cell, feed: new Float64Array(this.config.d_hidden), position: 0 };
  }

  /**
   * One step: read the word number `previous`, and score the words that may follow (`logits`).
   * The attention's stages stand beside them: `scores` (−∞ outside the window), `weights`, `context`, and the
   * `centre` of the window; all null without attention. `state` is new, the old one stays as it was.
   * `given` are weights to look with instead of the model's own, taken as they are, whatever they sum to.
   */
  step(previous, state, memory, given = null) {
    const { config } = this;
    const last = config.layers - 1;
    let look = NOWHERE;
    let vector = rowOf(this.decoder.embedding, previous);
    if (config.attention === "before") {
      look = this.look(state.hidden[last], memory, state.position, given);
      vector = joined(vector, look.context);
    }
    if (config.input_feeding) vector = joined(vector, state.feed);
    if (config.feed_context) vector = joined(vector, memory.context.hidden[last]);
    const [hidden, cell] = [state.hidden, state.cell].map((layers) => layers.map((numbers) => numbers.slice()));
    this.decoder.layers.forEach((layer, l) => {
      moveOn(layer, vector, hidden[l], cell[l]);
      vector = hidden[l];
    });
    if (config.attention === "after") look = this.look(vector, memory, state.position, given);
    const feed = product(this.readout, look.context ? joined(look.context, vector) : vector).map(Math.tanh);
    const logits = addProduct(this.output.bias.slice(), this.output.weights, feed);
    return { logits, ...look, state: { hidden, cell, feed, position: state.position + 1 } };
  }

  /** Attention with one query: the stages by name. */
  look(query, { states, keys }, position, given) {
    const { choice, half_width: reach } = this.config;
    const n = states.length;
    if (given !== null && given.length !== n) throw new Error(`There must be ${n} weights, one a word; got ${given.length}.`);
    const centre = this.centre(query, n, position);
    const mask = centre === null ? states.map(() => true) : localWindow([centre], n, reach)[0];
    const scores = this.score.scores(query, keys).map((score, j) => (mask[j] ? score : -Infinity));
    let weights = choice === "soft" ? softmax(scores, mask) : argmaxWeights(scores).map((weight, j) => (mask[j] ? weight : 0));
    if (this.window) {
      const [bell] = localGaussian([centre], n, reach);
      weights = weights.map((weight, j) => weight * bell[j]);
    }
    if (given !== null) weights = Float64Array.from(given);
    const context = new Float64Array(this.config.d_hidden);
    states.forEach((state, j) => {
      for (let i = 0; i < state.length; i++) context[i] += weights[j] * state[i];
    });
    return { scores, weights, context, centre };
  }

  /** Where the window stands in a sentence of n words, counted from 0; null without a window. */
  centre(query, n, position) {
    if (this.window) return n * sigmoid(dot(this.window.vector, product(this.window.weights, query).map(Math.tanh)));
    return this.config.window === "local-m" ? position : null;
  }
}
