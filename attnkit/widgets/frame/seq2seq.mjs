// The recurrent translators of attnkit.models in the page: the same checkpoint file, read and run. No DOM.
// Weights are float32 as in Python; sums run in float64. A vector is a typed array, a row of weights too.
// tests/golden/translators.json holds every design to Python.

import { argmaxWeights, dot, localGaussian, localWindow, softmax } from "../frame/maths.mjs";

const FORMAT = 1;
const PAD = 0;
export const BOS = 1;
export const EOS = 2;
const UNK = 3;
const CHOICES = {
  attention: ["none", "before", "after"],
  score: ["dot", "cosine", "general", "concat", "additive", "location"],
  encoder: ["unidirectional", "bidirectional"],
  window: ["global", "local-m", "local-p"],
  choice: ["soft", "straight-through", "reinforce"],
};
const NOWHERE = { scores: null, weights: null, context: null, centre: null };

/* The file: eight bytes that say how long the header is, the header in JSON, and the numbers. */

function expectWhole(good, what) {
  if (!good) throw new Error(`These weights are damaged: ${what}.`);
}

function parsed(text, what) {
  try {
    return JSON.parse(text);
  } catch {
    return expectWhole(false, `${what} is no JSON`);
  }
}

/** The tensors of a safetensors file, each `{ shape, numbers }`, and its metadata. `bytes` is a Uint8Array. */
export function readTensors(bytes) {
  expectWhole(bytes.length >= 8, `${bytes.length} bytes are too few`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  expectWhole(start <= bytes.length, `the header ends at byte ${start}, and the file at ${bytes.length}`);
  const header = parsed(new TextDecoder().decode(bytes.subarray(8, start)), "the header");
  expectWhole(header !== null && typeof header === "object", "the header is no table");
  const { __metadata__: metadata = {}, ...entries } = header;
  const tensors = new Map();
  for (const [name, entry] of Object.entries(entries)) {
    const { dtype, shape, data_offsets: offsets } = entry ?? {};
    const width = { F32: 4, I8: 1 }[dtype];
    expectWhole(width, `${name} is of the unknown type ${dtype}`);
    expectWhole([shape, offsets].every((list) => Array.isArray(list) && list.every(Number.isSafeInteger)), `${name} has no place`);
    const [from, to] = offsets.map((offset) => start + offset);
    const size = width * shape.reduce((a, b) => a * b, 1);
    expectWhole(start <= from && to <= bytes.length && to - from === size, `${name} does not lie inside the file`);
    const part = bytes.slice(from, to).buffer; // a copy begins where float32 may begin
    tensors.set(name, { shape, numbers: dtype === "F32" ? new Float32Array(part) : new Int8Array(part) });
  }
  return { metadata, tensors };
}

/** Whole numbers times the scale of their row, rounded to float32 as Python does. */
function widened(small, scales) {
  const numbers = new Float32Array(small.length);
  const columns = small.length / scales.length;
  for (let i = 0, at = 0; i < scales.length; i++) for (let j = 0; j < columns; j++, at++) numbers[at] = small[at] * scales[i];
  return numbers;
}

/** Hand out tensors by name, as float32, and insist on their shapes: `vector`, `matrix`, and the names of the `rest`. */
function shelf(tensors) {
  const left = new Set(tensors.keys());
  const get = (name, shape) => {
    const tensor = tensors.get(name);
    expectWhole(tensor, `${name} is missing`);
    expectWhole(`${tensor.shape}` === `${shape}`, `${name} must have shape (${shape.join(", ")}); it has (${tensor.shape.join(", ")})`);
    left.delete(name);
    return tensor.numbers;
  };
  const take = (name, ...shape) => {
    let numbers = get(name, shape);
    if (numbers instanceof Int8Array) numbers = widened(numbers, get(`${name}.scale`, shape.slice(0, 1)));
    expectWhole(numbers.every(Number.isFinite), `${name} holds a number that is not finite`);
    return numbers;
  };
  return { vector: take, matrix: (name, rows, columns) => ({ rows, columns, numbers: take(name, rows, columns) }), rest: () => [...left] };
}

/* Arithmetic on typed arrays; a matrix is { rows, columns, numbers }. */

/** Add `weights` times `vector` to `out`. Four rows at a time, so that each number of the vector is fetched for four. */
function addProduct(out, { rows, columns, numbers }, vector) {
  let i = 0;
  for (; i + 4 <= rows; i += 4) {
    const first = i * columns;
    const second = first + columns;
    const third = second + columns;
    const fourth = third + columns;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let j = 0; j < columns; j++) {
      const x = vector[j];
      a += numbers[first + j] * x;
      b += numbers[second + j] * x;
      c += numbers[third + j] * x;
      d += numbers[fourth + j] * x;
    }
    out[i] += a;
    out[i + 1] += b;
    out[i + 2] += c;
    out[i + 3] += d;
  }
  for (; i < rows; i++) out[i] += dot(numbers.subarray(i * columns, (i + 1) * columns), vector);
  return out;
}

const product = (weights, vector) => addProduct(new Float64Array(weights.rows), weights, vector);
const rowOf = ({ columns, numbers }, i) => Float64Array.from(numbers.subarray(i * columns, (i + 1) * columns));
const added = (a, b) => Float64Array.from(a, (x, i) => x + b[i]);
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

/* Words */

// Letters and digits with their accents, joined by apostrophes and hyphens, are one word; any other sign is one of its own.
const WORD = /(?:[\p{L}\p{N}][\u0300-\u036f]*)+(?:['-](?:[\p{L}\p{N}][\u0300-\u036f]*)+)*|[^\p{L}\p{N}\s\x1c-\x1f\x85]|\ufeff/gu;

/** The words of what a reader types, as `attnkit.language.tokenise` finds them. */
export function tokenise(text) {
  const lower = text.replace(/[’‘ʼ`´]/g, "'").toLowerCase();
  return lower.normalize("NFC").match(WORD) ?? [];
}

function vocabularyOf(words, size) {
  const strings = Array.isArray(words) && words.every((word) => typeof word === "string");
  expectWhole(strings && words.length === size, `a vocabulary must be a list of ${size} words`);
  return { words, index: new Map(words.map((word, i) => [word, i])) };
}

/** Each word with its number in a vocabulary; a word that is not there is `<unk>`, and not `known`. */
export function lookUp(vocabulary, words) {
  return words.map((word) => ({ word, id: vocabulary.index.get(word) ?? UNK, known: vocabulary.index.has(word) }));
}

/** A translator from the bytes of a checkpoint, as `attnkit.checkpoints.save` writes them. */
export function readTranslator(bytes) {
  const { metadata, tensors } = readTensors(bytes);
  expectWhole(typeof metadata?.attnkit === "string", "attnkit has not written them");
  const about = parsed(metadata.attnkit, "what attnkit says about them");
  expectWhole(about?.format === FORMAT, `they must have format ${FORMAT}; they have ${about?.format}`);
  const { config } = about;
  for (const [name, known] of Object.entries(CHOICES)) {
    expectWhole(known.includes(config?.[name]), `${name} must be one of ${known.join(", ")}; it is ${config?.[name]}`);
  }
  for (const name of ["source_words", "target_words", "d_embedding", "d_hidden", "layers", "longest", "half_width"]) {
    expectWhole(Number.isSafeInteger(config[name]) && config[name] > 0, `${name} must be a whole number; it is ${config[name]}`);
  }
  return new Translator(about, tensors);
}

/** One translator: `encode` a sentence once, `start`, then `step` by step; `translate` does all three. */
export class Translator {
  constructor({ config, source, target, record }, tensors) {
    const parts = shelf(tensors);
    const { matrix, vector } = parts;
    const { d_embedding: narrow, d_hidden: d, layers } = config;
    const looks = config.attention !== "none";
    const ways = config.encoder === "bidirectional" ? 2 : 1;
    const extra = config.attention === "before" || config.input_feeding || config.feed_context ? d : 0;
    this.config = config;
    this.record = record;
    this.source = vocabularyOf(source, config.source_words);
    this.target = vocabularyOf(target, config.target_words);
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
    const rest = parts.rest();
    expectWhole(rest.length === 0, `no part of this design is called ${rest.join(", ")}`);
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

  /**
   * Translate words, the likeliest next word each time: `attnkit.decoding.greedy`.
   * `limit` counts `<eos>`. `steps` holds what each step made, with the `word` that it wrote; the step of `<eos>` too.
   */
  translate(words, limit = 2 * words.length + 10) {
    const memory = this.encode(lookUp(this.source, words).map(({ id }) => id));
    const steps = [];
    let [id, state, logProbability] = [BOS, this.start(memory), 0];
    while (steps.length < limit && id !== EOS) {
      const step = this.step(id, state, memory);
      id = likeliest(step.logits);
      logProbability += logarithm(step.logits, id);
      steps.push({ ...step, id, word: this.target.words[id] });
      state = step.state;
    }
    const ended = id === EOS;
    return { words: steps.slice(0, ended ? -1 : undefined).map(({ word }) => word), ended, logProbability, steps, memory };
  }
}

/** The log-probability of one word. */
function logarithm(logits, id) {
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - logits[id]);
  return -Math.log(sum);
}

/** The number of the likeliest word; `<pad>` and `<bos>` are no words. */
export function likeliest(logits) {
  let best = EOS;
  for (let i = 0; i < logits.length; i++) if (i !== PAD && i !== BOS && logits[i] > logits[best]) best = i;
  return best;
}
