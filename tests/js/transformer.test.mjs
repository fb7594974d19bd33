// Promise: every Transformer and every language model gives in the page, at each stage, what attnkit gives on the same
// checkpoint, to 1e-9; a word costs the same answer read alone or with others; and a strange file gets a sentence.

import assert from "node:assert/strict";
import { test } from "node:test";

import { likeliest, lookUp, readTranslator } from "../../attnkit/widgets/frame/checkpoint.mjs";
import { Seq2Seq } from "../../attnkit/widgets/frame/seq2seq.mjs";
import { LanguageModel, Transformer, nextWordProbabilities } from "../../attnkit/widgets/frame/transformer.mjs";
import { assertClose, golden } from "./close.mjs";

const bytesOf = (file) => Uint8Array.from(Buffer.from(file, "base64"));
const CASES = golden("transformers.json").map(({ file, ...given }) => ({ bytes: bytesOf(file), ...given }));
const translates = ({ source_words: words }) => words > 4;
const translatorOf = (bytes) => readTranslator(bytes, [Seq2Seq, Transformer, LanguageModel]);
const read = (wanted) => translatorOf(CASES.find(({ design }) => Object.keys(wanted).every((name) => design[name] === wanted[name])).bytes);
const idsOf = (translator, words) => lookUp(translator.source, words).map(({ id }) => id);
const SENTENCE = ["let's", "go", ",", "eat", "the", "pizza"];
const PREVIOUS = [1, 6, 12, 3, 9];

/** Numbers as JSON has them: lists, and null for −∞. */
function plain(stage) {
  if (stage === -Infinity) return null;
  if (Array.isArray(stage) || ArrayBuffer.isView(stage)) return Array.from(stage, plain);
  if (stage === null || typeof stage !== "object") return stage;
  return Object.fromEntries(Object.entries(stage).map(([name, part]) => [name, plain(part)]));
}

const same = (got, wanted, path) => assertClose(plain(got), wanted, path, 1e-9);

/** The stages of a block under the names that Python has for them. */
const blockOf = ({ self, cross, cache, output }) => ({ attention: self, ...(cross && { cross_attention: cross }), cache, output });

for (const { bytes, design, sentence, previous, read: blocks, states, decoded, steps, translation, without } of CASES) {
  test(`every stage and the greedy words, ${JSON.stringify(design)}`, () => {
    const translator = translatorOf(bytes);
    assert.ok(translator instanceof (translates(design) ? Transformer : LanguageModel));
    const memory = translator.encode(idsOf(translator, sentence));
    blocks.forEach(({ attention, output }, l) => same(memory.blocks[l], { ...attention, output }, `encoder, block ${l}`));
    if (translates(design)) same(memory.states, states, "states");

    const { logits, blocks: found } = translator.decode(previous, translator.start(memory), memory);
    same(found.map(blockOf), decoded.blocks, "decoder");
    same(logits, decoded.logits, "logits");

    let state = translator.start(memory);
    steps.forEach((wanted, t) => {
      const step = translator.step(previous[t], state, memory);
      same(step.logits, wanted.logits, `step ${t}, logits`);
      if (translates(design)) same(step.weights, wanted.weights, `step ${t}, weights`);
      state = step.state;
    });

    const { words, ended, logProbability } = translator.translate(sentence);
    assertClose({ words, ended, logProbability }, translation, "translation");

    const removed = { without: { encoder: [[0]], self: [[0]], cross: [[0]] } };
    const poorer = translator.encode(idsOf(translator, sentence), removed);
    same(translator.decode(previous, translator.start(poorer), poorer, removed).logits, without, "without a head");
  });
}

test("the golden designs use every choice, and end sentences both ways", () => {
  const all = CASES.map(({ bytes }) => translatorOf(bytes).config);
  const seen = (name) => [...new Set(all.map((config) => config[name]))].sort((a, b) => (a < b ? -1 : 1));
  assert.deepEqual(seen("positions"), ["alibi", "learned", "none", "rotary", "sinusoidal"]);
  assert.deepEqual(seen("mask"), ["causal", "inverted", "none", "weak"]);
  assert.deepEqual(seen("norm"), ["post", "pre"]);
  assert.deepEqual(seen("scaled"), [false, true]);
  assert.deepEqual(seen("layers"), [1, 2, 3]);
  assert.deepEqual(seen("heads"), [1, 2, 3, 5]);
  assert.deepEqual([...new Set(CASES.map(({ translation }) => translation.ended))].sort(), [false, true]);
});

test("words are the same read one by one, in parts or at once", () => {
  for (const { bytes, design } of CASES) {
    if (!["causal", undefined].includes(design.mask)) continue;
    const translator = translatorOf(bytes);
    const memory = translator.encode(translates(design) ? idsOf(translator, SENTENCE) : []);
    const start = translator.start(memory);
    const whole = translator.decode(PREVIOUS, start, memory);
    const first = translator.decode(PREVIOUS.slice(0, 2), start, memory);
    const second = translator.decode(PREVIOUS.slice(2), first.state, memory);
    same([...first.logits, ...second.logits], plain(whole.logits), "in parts");
    same(second.state, plain(whole.state), "the cache");
    let state = start;
    PREVIOUS.forEach((word, t) => {
      const step = translator.step(word, state, memory);
      same(step.logits, plain(whole.logits[t]), "one by one");
      step.self.forEach(({ scores, weights, heads, output }, l) => {
        const all = whole.blocks[l].self;
        scores.forEach((row, h) => same(row, plain(all.scores[h][t].slice(0, t + 1)), "scores"));
        weights.forEach((row, h) => same(row, plain(all.weights[h][t].slice(0, t + 1)), "weights"));
        heads.forEach((found, h) => same(found, plain(all.heads[h][t]), "heads"));
        same(output, plain(all.output[t]), "output");
      });
      state = step.state;
    });
    assert.equal(state.position, PREVIOUS.length);
    same(state, plain(whole.state), "the cache, word by word");
  }
});

test("a step's cross-attention holds each head, and its mean is the last block's", () => {
  const translator = read({ source_words: 11, layers: 2 });
  const memory = translator.encode(idsOf(translator, SENTENCE));
  const step = translator.step(1, translator.start(memory), memory);
  assert.equal(step.cross.length, 2);
  const [{ weights, scores }] = step.cross.slice(-1);
  assert.deepEqual([weights.length, weights[0].length], [2, SENTENCE.length]);
  assertClose(step.weights, weights[0].map((w, j) => (w + weights[1][j]) / 2));
  assertClose(step.scores, scores[0].map((s, j) => (s + scores[1][j]) / 2));
  assert.deepEqual(step.self.map(({ weights: rows }) => rows), [[[1], [1]], [[1], [1]]]);
});

test("a step leaves the old state as it was, so that a reader can go back", () => {
  for (const { bytes } of CASES) {
    const translator = translatorOf(bytes);
    const memory = translator.encode(translator instanceof Transformer ? idsOf(translator, SENTENCE) : []);
    const start = translator.start(memory);
    const first = translator.step(1, start, memory);
    const before = structuredClone({ start, memory, first });
    const one = translator.step(5, first.state, memory);
    const other = translator.step(7, first.state, memory);
    assert.notDeepEqual([...one.logits], [...other.logits]);
    assert.deepEqual({ start, memory, first }, before);
    assert.deepEqual(translator.step(5, first.state, memory), one);
    assert.deepEqual([start.position, first.state.position, one.state.position], [0, 1, 2]);
  }
});

test("a translation tells all its steps, and can be made without some heads", () => {
  for (const { bytes, sentence } of CASES) {
    const translator = translatorOf(bytes);
    const { words, ended, steps } = translator.translate(sentence);
    assert.equal(steps.length, words.length + ended);
    for (const { logits, id, word } of steps) assert.deepEqual([id, word], [likeliest(logits), translator.target.words[id]]);
    assert.equal(translator.translate(sentence, 1).steps.length, 1);
    const { heads: n, layers } = translator.config;
    const every = Array.from({ length: layers }, () => Array.from({ length: n }, (_, h) => h));
    const { steps: poorer, memory } = translator.translate(sentence, 3, { without: { encoder: every, self: every, cross: every } });
    for (const { self, cross = [] } of poorer) assert.ok([...self, ...cross].every(({ output }) => output.every((x) => x === 0)));
    assert.ok((memory.blocks ?? []).every(({ heads }) => heads.flat().every((vector) => vector.every((x) => x === 0))));
  }
});

test("the inverted mask leaves the last word nothing to see, and it brings nothing", () => {
  const translator = read({ source_words: 11, mask: "inverted" });
  const memory = translator.encode(idsOf(translator, SENTENCE));
  const [{ self }] = translator.decode(PREVIOUS, translator.start(memory), memory).blocks;
  const last = PREVIOUS.length - 1;
  for (const h of [0, 1]) {
    assert.deepEqual(self.weights[h].map((row) => row.filter((w) => w > 0).length), [4, 3, 2, 1, 0]);
    assert.deepEqual(self.scores[h][last], PREVIOUS.map(() => -Infinity));
    assert.ok(self.heads[h][last].every((x) => x === 0));
  }
  assert.ok(self.output[last].every((x) => x === 0));
});

test("the chances of a next word are attnkit's", () => {
  for (const { logits, options, probabilities } of golden("chances.json")) {
    assertClose(nextWordProbabilities(Float64Array.from(logits), options), probabilities, JSON.stringify(options), 1e-9);
  }
  assertClose(nextWordProbabilities([9, 9, 0, 0]), [0, 0, 0.5, 0.5]);
});

test("what a model cannot do is refused with a sentence", () => {
  const translator = read({ source_words: 11, positions: "learned" });
  assert.throws(() => translator.encode([]), /one or more words/);
  assert.throws(() => translator.encode(Array(65).fill(4)), /has learned 64 positions; there is none for word 65\./);
  const memory = translator.encode([4]);
  let { state } = translator.decode(Array(64).fill(5), translator.start(memory), memory);
  assert.throws(() => translator.step(5, state, memory), /there is none for word 65\./);
  const strange = { without: { self: [[1, 2, -1]] } };
  assert.throws(() => translator.step(5, translator.start(memory), memory, strange), /The heads are called 0 to 1; there is no head 2, -1\./);
  const alone = translatorOf(CASES.find(({ design }) => !translates(design)).bytes);
  assert.throws(() => alone.encode([4]), /reads no source; got 1 word\./);
});

/* Files that are damaged, or of another kind */

const { bytes: WHOLE } = CASES.find(({ design }) => translates(design) && design.positions === "learned"); // learned positions, so that it has every part
const headerEnd = (bytes) => 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));

/** The same file with what attnkit says about it, and its tensors, changed. */
function changed(bytes, change) {
  const end = headerEnd(bytes);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, end)));
  const about = JSON.parse(header.__metadata__.attnkit);
  change(about, header);
  header.__metadata__.attnkit = JSON.stringify(about);
  const text = new TextEncoder().encode(JSON.stringify(header));
  const result = new Uint8Array(8 + text.length + bytes.length - end);
  new DataView(result.buffer).setBigUint64(0, BigInt(text.length), true);
  result.set(text, 8);
  result.set(bytes.subarray(end), 8 + text.length);
  return result;
}

const REFUSED = {
  "architecture must be recurrent or transformer or language-model; it is perceiver": ({ config }) => (config.architecture = "perceiver"),
  "positions must be one of none, learned, sinusoidal, rotary, alibi; it is relative": ({ config }) => (config.positions = "relative"),
  "norm must be one of post, pre; it is sandwich": ({ config }) => (config.norm = "sandwich"),
  "scaled must be one of true, false; it is 1": ({ config }) => (config.scaled = 1),
  "mask must be one of causal, none, inverted, weak; it is undefined": ({ config }) => delete config.mask,
  "heads must be a whole number; it is 0": ({ config }) => (config.heads = 0),
  "heads must divide d_model, 6; it is 4": ({ config }) => (config.heads = 4),
  "a head must have an even width to be rotated; it has 3": ({ config }) => (config.positions = "rotary"),
  "encoder.blocks.1.attention.query is missing": ({ config }) => (config.layers = 2),
  "encoder.embedding.weight must have shape \\(12, 6\\); it has \\(11, 6\\)": (about) => about.source.push("more") && (about.config.source_words = 12),
  "encoder.positions must have shape \\(9, 6\\); it has \\(64, 6\\)": ({ config }) => (config.longest = 9),
  "decoder.blocks.0.feed_forward.hidden_bias is missing": (about, header) => delete header["decoder.blocks.0.feed_forward.hidden_bias"],
  "no part of this design is called .*encoder.positions.scale": ({ config }) => (config.positions = "none"),
  "no part of this design is called .*encoder.norm.scale": ({ config }) => (config.norm = "post"),
  "a vocabulary must be a list of 13 words": (about) => about.target.pop(),
};

for (const [sentence, change] of Object.entries(REFUSED)) {
  test(`damaged weights: ${sentence}`, () => {
    assert.throws(() => translatorOf(changed(WHOLE, change)), new RegExp(`^Error: These weights are damaged: .*${sentence}`));
  });
}

test("a page refuses an architecture that it does not carry", () => {
  assert.throws(() => readTranslator(WHOLE, [Seq2Seq]), /architecture must be recurrent; it is transformer/);
  const recurrent = bytesOf(golden("translators.json")[0].file);
  assert.throws(() => readTranslator(recurrent, [Transformer]), /architecture must be transformer; it is recurrent/);
  assert.ok(readTranslator(recurrent, [Transformer, Seq2Seq]) instanceof Seq2Seq);
});

test("a language model whose source has words is refused", () => {
  const { bytes } = CASES.find(({ design }) => !translates(design));
  assert.equal(translatorOf(changed(bytes, () => {})).source.words.length, 4);
  assert.throws(() => translatorOf(changed(bytes, (about) => about.source.push("word"))), /a vocabulary must be a list of 4 words/);
  assert.throws(() => translatorOf(changed(bytes, ({ config }) => (config.source_words = 5))), /source_words must be one of 4; it is 5/);
});

test("a file that was cut anywhere is refused, and never crashes the reader", () => {
  for (let length = 0; length < WHOLE.length; length += 1 + (length % 97)) {
    assert.throws(() => translatorOf(WHOLE.slice(0, length)), /^Error: These weights are damaged: /, `at ${length}`);
  }
});
