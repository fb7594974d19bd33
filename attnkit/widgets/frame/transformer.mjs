// The Transformer and the language model of attnkit.models in the page, made of the formulas in maths.mjs. No DOM.
// A vector is a typed array, a row of scores or weights a list. In the stages h counts heads, i queries and j keys.
// tests/golden/transformers.json holds every design and every stage to Python.

import { BOS, PAD, Translator, addProduct, addTimes, added, expectWhole, product, rowOf } from "../frame/checkpoint.mjs";
import { alibiBiases, alibiSlopes, causalMask, dotScores, layerNorm, rotary, scaled, scaledDotScores, sinusoidalPositions, softmax } from "../frame/maths.mjs";

const WEAK_MASK = -10; // what the weak mask adds to the scores of later words

/** The vectors of each head, `[h][i]`: parts of what they are cut from. */
function splitHeads(vectors, heads) {
  const width = vectors[0].length / heads;
  return Array.from({ length: heads }, (_, h) => vectors.map((vector) => vector.subarray(h * width, (h + 1) * width)));
}

/** The heads that a layer goes without. */
function removedHeads(without, layer, heads) {
  const removed = without?.[layer] ?? [];
  const strange = removed.filter((head) => !(Number.isInteger(head) && head >= 0 && head < heads));
  if (strange.length > 0) throw new Error(`The heads are called 0 to ${heads - 1}; there is no head ${strange.join(", ")}.`);
  return new Set(removed);
}

/** Attention's stages for the first query alone. */
function firstQuery({ scores, weights, heads, output }) {
  const first = (stage) => stage.map(([row]) => row);
  return { scores: first(scores), weights: first(weights), heads: first(heads), output: output[0] };
}

function meanOverHeads(rows) {
  return rows[0].map((_, j) => rows.reduce((sum, row) => sum + row[j], 0) / rows.length);
}

/** Blocks with the embedding before them and the norm behind them: attnkit.models.blocks.Stack. */
class Stack {
  static choices = {
    positions: ["none", "learned", "sinusoidal", "rotary", "alibi"],
    norm: ["post", "pre"],
    scaled: [true, false],
    mask: ["causal", "none", "inverted", "weak"],
  };

  static counts = ["source_words", "target_words", "d_model", "heads", "layers", "d_feed_forward", "longest"];

  /** `name` is what the checkpoint calls the stack; with `crosses` each block looks at another sentence too. */
  constructor({ matrix, vector }, config, words, name, crosses) {
    const { d_model: d, d_feed_forward: wide, heads, layers, longest } = config;
    expectWhole(d % heads === 0, `heads must divide d_model, ${d}; it is ${heads}`);
    expectWhole(config.positions !== "rotary" || (d / heads) % 2 === 0, `a head must have an even width to be rotated; it has ${d / heads}`);
    const norm = (name) => ({ scale: vector(`${name}.scale`, d), shift: vector(`${name}.shift`, d) });
    const attention = (name) => Object.fromEntries(["query", "key", "value", "output"].map((part) => [part, matrix(`${name}.${part}`, d, d)]));
    const network = (name) => ({
      hidden: matrix(`${name}.hidden`, wide, d),
      hiddenBias: Float64Array.from(vector(`${name}.hidden_bias`, wide)),
      output: matrix(`${name}.output`, d, wide),
      outputBias: Float64Array.from(vector(`${name}.output_bias`, d)),
    });
    this.config = config;
    this.embedding = matrix(`${name}.embedding.weight`, words, d);
    this.table = config.positions === "learned" ? matrix(`${name}.positions`, longest, d) : null;
    this.blocks = Array.from({ length: layers }, (_, l) => {
      const block = `${name}.blocks.${l}`;
      return {
        attention: attention(`${block}.attention`),
        attentionNorm: norm(`${block}.attention_norm`),
        crossAttention: crosses ? attention(`${block}.cross_attention`) : null,
        crossAttentionNorm: crosses ? norm(`${block}.cross_attention_norm`) : null,
        network: network(`${block}.feed_forward`),
        networkNorm: norm(`${block}.feed_forward_norm`),
      };
    });
    this.norm = config.norm === "pre" ? norm(`${name}.norm`) : null;
  }

  /** The state before the first word. */
  start() {
    return { caches: this.blocks.map(() => ({ keys: null, values: null })), position: 0 };
  }

  /**
   * Read word numbers behind those that a state has read: the `vectors` that come out, the new `state`, and the stages
   * of every block. `mask` says which words of its sentence a word sees; `sources` are another sentence's keys and
   * values for each block; `without` names the heads to leave out, `{ self, cross }`, for each a list for each block.
   */
  read(ids, { caches, position }, { mask, sources, without }) {
    const end = position + ids.length;
    const places = Array.from({ length: end }, (_, j) => j);
    const now = places.slice(position);
    const sight = this.sight(now, places, mask);
    let vectors = ids.map((id, i) => this.embedded(id, now[i]));
    const blocks = this.blocks.map((block, l) => {
      const stages = {};
      vectors = this.around(vectors, block.attentionNorm, (normed) => {
        const { keys, values } = this.keysAndValues(block.attention, normed);
        const behind = (old, added) => (old ? old.map((head, h) => [...head, ...added[h]]) : added);
        stages.cache = { keys: behind(caches[l].keys, keys), values: behind(caches[l].values, values) };
        const queries = this.turned(this.projected(block.attention.query, normed), now);
        const known = { keys: this.turned(stages.cache.keys, places), values: stages.cache.values };
        stages.self = this.attend(queries, known, block.attention.output, removedHeads(without?.self, l, this.config.heads), sight);
        return stages.self.output;
      });
      if (sources) {
        vectors = this.around(vectors, block.crossAttentionNorm, (normed) => {
          const queries = this.projected(block.crossAttention.query, normed);
          stages.cross = this.attend(queries, sources[l], block.crossAttention.output, removedHeads(without?.cross, l, this.config.heads));
          return stages.cross.output;
        });
      }
      vectors = this.around(vectors, block.networkNorm, (normed) => normed.map((vector) => this.thought(block.network, vector)));
      return { ...stages, output: vectors };
    });
    const state = { caches: blocks.map(({ cache }) => cache), position: end };
    return { vectors: this.norm ? layerNorm(vectors, this.norm.scale, this.norm.shift) : vectors, state, blocks };
  }

  /** The keys and values of another sentence for the cross-attention of each block. */
  sources(states) {
    return this.blocks.map(({ crossAttention }) => this.keysAndValues(crossAttention, states));
  }

  /** A word's vector, larger by √d_model, and its position's, where that is told here. */
  embedded(id, place) {
    const { positions, d_model: d, longest } = this.config;
    const vector = scaled(rowOf(this.embedding, id), Math.sqrt(d));
    if (positions === "sinusoidal") return added(vector, sinusoidalPositions([place], d)[0]);
    if (positions !== "learned") return vector;
    if (place >= longest) throw new Error(`This model has learned ${longest} positions; there is none for word ${place + 1}.`);
    return added(vector, rowOf(this.table, place));
  }

  /** A sublayer with its residual sum, and the norm in front of the one or behind the other. */
  around(vectors, { scale, shift }, sublayer) {
    const pre = this.config.norm === "pre";
    const changes = sublayer(pre ? layerNorm(vectors, scale, shift) : vectors);
    const sums = vectors.map((vector, i) => added(vector, changes[i]));
    return pre ? sums : layerNorm(sums, scale, shift);
  }

  projected(weights, vectors) {
    return splitHeads(vectors.map((vector) => product(weights, vector)), this.config.heads);
  }

  keysAndValues(attention, vectors) {
    return { keys: this.projected(attention.key, vectors), values: this.projected(attention.value, vectors) };
  }

  turned(heads, places) {
    return this.config.positions === "rotary" ? heads.map((vectors) => rotary(vectors, places)) : heads;
  }

  /** What becomes of a score where a sentence looks at itself: what the distance adds, and −∞ where the mask forbids. */
  sight(now, places, mask) {
    const past = causalMask(now, places);
    const near = this.config.positions === "alibi" ? alibiBiases(now, places, alibiSlopes(this.config.heads)) : null;
    return (score, h, i, j) => {
      if (mask === (past[i][j] ? "inverted" : "causal")) return -Infinity;
      return score + (near ? near[h][i][j] : 0) + (mask === "weak" && !past[i][j] ? WEAK_MASK : 0);
    };
  }

  /** Let every head attend, and mix what they bring: attnkit.multi_head.attend_heads. */
  attend(queries, { keys, values }, output, removed, sight = (score) => score) {
    const compare = this.config.scaled ? scaledDotScores : dotScores;
    const scores = queries.map((head, h) => compare(head, keys[h]).map((row, i) => row.map((score, j) => sight(score, h, i, j))));
    const weights = scores.map((rows) => rows.map((row) => softmax(row, row.map((score) => score > -Infinity))));
    const joined = queries[0].map(() => new Float64Array(output.columns));
    const heads = splitHeads(joined, queries.length);
    heads.forEach((rows, h) => {
      if (!removed.has(h)) rows.forEach((found, i) => values[h].forEach((value, j) => addTimes(found, value, weights[h][i][j])));
    });
    return { scores, weights, heads, output: joined.map((vector) => product(output, vector)) };
  }

  /** The network that reads each vector alone: attnkit.feed_forward. */
  thought({ hidden, hiddenBias, output, outputBias }, vector) {
    const inner = addProduct(hiddenBias.slice(), hidden, vector).map((x) => Math.max(0, x));
    return addProduct(outputBias.slice(), output, inner);
  }
}

/** What makes logits of a vector. */
function logitsFrom({ matrix, vector }, { target_words: words, d_model: d }) {
  const [weights, bias] = [matrix("output.weight", words, d), Float64Array.from(vector("output.bias", words))];
  return (read) => addProduct(bias.slice(), weights, read);
}

/** One translator: `encode` a sentence once, `start`, then `step` by step; `translate` does all three. */
export class Transformer extends Translator {
  static architecture = "transformer";

  static choices = Stack.choices;

  static counts = Stack.counts;

  constructor(about, parts) {
    super(about);
    this.encoder = new Stack(parts, this.config, this.config.source_words, "encoder", false);
    this.decoder = new Stack(parts, this.config, this.config.target_words, "decoder", true);
    this.output = logitsFrom(parts, this.config);
  }

  /**
   * Read a sentence, given as word numbers: its `states`, and of every block the heads' `scores[h][i][j]`,
   * `weights[h][i][j]` and what they bring (`heads[h][i]`), and the block's `output[i]`. `sources` are the states' keys
   * and values for the decoder. `without.encoder[layer]` lists heads that bring 0 instead.
   */
  encode(ids, { without } = {}) {
    if (ids.length === 0) throw new Error("A sentence must have one or more words.");
    const { vectors, blocks } = this.encoder.read(ids, this.encoder.start(), { mask: "none", without: { self: without?.encoder } });
    return { states: vectors, blocks: blocks.map(({ self, output }) => ({ ...self, output })), sources: this.decoder.sources(vectors) };
  }

  /** The state before the first word: of every block the `keys[h][j]` and `values[h][j]` of the words read, here none. */
  start() {
    return this.decoder.start();
  }

  /**
   * One step: read the word number `previous`, and score the words that may follow (`logits`). `scores` and `weights`
   * are the last block's look at the source, the mean over its heads. Of every block there are the stages of its look at
   * the words so far (`self`) and at the source (`cross`), each `{ scores[h][j], weights[h][j], heads[h], output }`.
   * `state` is new, the old one stays as it was. `without.self[layer]` and `without.cross[layer]` list heads that bring 0.
   */
  step(previous, state, memory, options = undefined) {
    const decoded = this.decode([previous], state, memory, options);
    const [self, cross] = ["self", "cross"].map((name) => decoded.blocks.map((block) => firstQuery(block[name])));
    const { scores, weights } = cross[cross.length - 1];
    return { logits: decoded.logits[0], scores: meanOverHeads(scores), weights: meanOverHeads(weights), self, cross, state: decoded.state };
  }

  /**
   * Read several target words at once, as in training, where the mask matters: `logits[i]`, the new `state`, and of every
   * block `{ self, cross, cache, output }` with stages as in `encode`.
   */
  decode(ids, state, memory, { without } = {}) {
    const { vectors, ...read } = this.decoder.read(ids, state, { mask: this.config.mask, sources: memory.sources, without });
    return { logits: vectors.map(this.output), ...read };
  }
}

/**
 * A decoder without a source: `start`, then `step` by step. It has the methods of a translator, whose source is an empty
 * sentence; `translate([], limit)` writes the likeliest words.
 */
export class LanguageModel extends Translator {
  static architecture = "language-model";

  static choices = { ...Stack.choices, source_words: [4] }; // the special tokens alone

  static counts = Stack.counts;

  constructor(about, parts) {
    super(about);
    this.decoder = new Stack(parts, this.config, this.config.target_words, "decoder", false);
    this.output = logitsFrom(parts, this.config);
  }

  /** There is nothing to read, and nothing to remember of it. */
  encode(ids) {
    if (ids.length > 0) throw new Error(`A language model reads no source; got ${ids.length} ${ids.length === 1 ? "word" : "words"}.`);
    return {};
  }

  /** The state before the first word, as a Transformer's. */
  start() {
    return this.decoder.start();
  }

  /** One step as a Transformer's: `{ logits, self, state }`. `without.self[layer]` lists heads that bring 0. */
  step(previous, state, memory, options = undefined) {
    const decoded = this.decode([previous], state, memory, options);
    return { logits: decoded.logits[0], self: decoded.blocks.map(({ self }) => firstQuery(self)), state: decoded.state };
  }

  /** Read several words at once: `{ logits[i], state, blocks[l] = { self, cache, output } }`. */
  decode(ids, state, memory, { without } = {}) {
    const { vectors, ...read } = this.decoder.read(ids, state, { mask: this.config.mask, without });
    return { logits: vectors.map(this.output), ...read };
  }

  translate(words = [], limit = 64, options = undefined) {
    return super.translate(words, limit, options);
  }
}

/**
 * The probabilities from which a next word is drawn: attnkit.decoding.next_word_probabilities. `<pad>` and `<bos>` are no
 * words. Of the others `topK` keeps the likeliest; of these `topP` keeps as few as have that share together.
 */
export function nextWordProbabilities(logits, { temperature = 1, topK = Infinity, topP = 1 } = {}) {
  const list = Array.from(logits);
  const shared = (kept) => softmax(list, list.map((_, id) => kept.includes(id)), temperature);
  const words = list.map((_, id) => id).filter((id) => id !== PAD && id !== BOS);
  const likely = words.sort((a, b) => list[b] - list[a]).slice(0, topK);
  if (topP === 1) return shared(likely);
  const chances = shared(likely);
  let before = 0; // the share of all likelier words
  let n = 0;
  for (; n < likely.length && before < topP; n++) before += chances[likely[n]];
  return shared(likely.slice(0, n));
}
