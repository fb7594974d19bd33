// Promise: every recurrent design gives in the page what attnkit gives on the same checkpoint, to 1e-6, what a reader
// types falls into the same words, and a file that is no checkpoint is refused with a sentence.

import assert from "node:assert/strict";
import { test } from "node:test";

import { likeliest, lookUp, readTensors, readTranslator, tokenise } from "../../attnkit/widgets/frame/checkpoint.mjs";
import { Seq2Seq } from "../../attnkit/widgets/frame/seq2seq.mjs";
import { assertClose, golden } from "./close.mjs";

const CASES = golden("translators.json").map(({ file, ...given }) => ({ bytes: Uint8Array.from(Buffer.from(file, "base64")), ...given }));
const translatorOf = (bytes) => readTranslator(bytes, [Seq2Seq]);
const read = (wanted) => translatorOf(CASES.find(({ design }) => Object.keys(wanted).every((name) => design[name] === wanted[name])).bytes);
const listed = (numbers) => Array.from(numbers, (x) => (x === -Infinity ? null : x));
const idsOf = (translator, words) => lookUp(translator.source, words).map(({ id }) => id);

for (const { bytes, design, answers } of CASES) {
  test(`forward pass and translation, ${JSON.stringify(design)}`, () => {
    const translator = translatorOf(bytes);
    for (const { sentence, previous, steps, translation } of answers) {
      const memory = translator.encode(idsOf(translator, sentence));
      let state = translator.start(memory);
      steps.forEach((wanted, t) => {
        const step = translator.step(previous[t], state, memory);
        for (const stage of ["logits", "scores", "weights"]) {
          if (wanted[stage] === undefined) assert.equal(step[stage], null);
          else assertClose(listed(step[stage]), wanted[stage], `step ${t}, ${stage}`);
        }
        state = step.state;
      });
      const { words, ended, logProbability } = translator.translate(sentence);
      assertClose({ words, ended, logProbability }, translation, "translation");
    }
  });
}

test("the golden designs use every choice, and end sentences both ways", () => {
  const all = CASES.map(({ bytes }) => translatorOf(bytes).config);
  const seen = (name) => [...new Set(all.map((config) => config[name]))].sort();
  assert.deepEqual(seen("attention"), ["after", "before", "none"]);
  assert.deepEqual(seen("score"), ["additive", "concat", "cosine", "dot", "general", "location"]);
  assert.deepEqual(seen("encoder"), ["bidirectional", "unidirectional"]);
  assert.deepEqual(seen("window"), ["global", "local-m", "local-p"]);
  assert.deepEqual(seen("choice"), ["reinforce", "soft", "straight-through"]);
  assert.deepEqual(seen("layers"), [1, 2, 3]);
  for (const name of ["reverse_source", "feed_context", "input_feeding"]) assert.deepEqual(seen(name), [false, true]);
  const translations = CASES.flatMap(({ answers }) => answers.map(({ translation }) => translation));
  assert.deepEqual([...new Set(translations.map(({ ended }) => ended))].sort(), [false, true]);
});

const SENTENCE = ["don't", "eat", "the", "pizza"];

test("a step leaves the old state as it was, so that a reader can go back", () => {
  const translator = read({ score: "general", input_feeding: true, layers: 2 });
  const memory = translator.encode(idsOf(translator, SENTENCE));
  const start = translator.start(memory);
  const before = structuredClone({ start, memory });
  const step = translator.step(1, start, memory);
  translator.step(5, step.state, memory);
  assert.deepEqual({ start, memory }, before);
  assert.deepEqual(translator.step(1, start, memory), step);
  assert.deepEqual([start.position, step.state.position], [0, 1]);
});

test("a step looks with the weights that it is given, as they are", () => {
  for (const wanted of [{ attention: "before", score: "additive", encoder: "bidirectional" }, { window: "local-p", input_feeding: true }]) {
    const translator = read(wanted);
    const memory = translator.encode(idsOf(translator, SENTENCE));
    const start = translator.start(memory);
    const own = translator.step(1, start, memory);
    assert.deepEqual(translator.step(1, start, memory, own.weights), own);
    const one = translator.step(1, start, memory, [0, 0, 1, 0]);
    assert.deepEqual([...one.context], [...memory.states[2]]);
    assert.deepEqual([...one.scores], [...own.scores]);
    assert.notDeepEqual([...one.logits], [...own.logits]);
    const twice = translator.step(1, start, memory, [0, 0, 2, 0]);
    assertClose([...twice.context], [...memory.states[2]].map((x) => 2 * x));
    assert.throws(() => translator.step(1, start, memory, [1]), /There must be 4 weights, one a word; got 1\./);
  }
});

test("a translation tells all its steps, the one that closes the sentence too", () => {
  for (const { bytes, answers } of CASES) {
    const translator = translatorOf(bytes);
    const { words, ended, steps } = translator.translate(answers[0].sentence);
    assert.deepEqual(steps.slice(0, words.length).map(({ word }) => word), words);
    assert.equal(steps.length, words.length + ended);
    for (const { logits, id, word } of steps) assert.deepEqual([id, word], [likeliest(logits), translator.target.words[id]]);
    assert.equal(translator.translate(answers[0].sentence, 1).steps.length, 1);
  }
});

test("<pad> and <bos> are never the likeliest word", () => {
  assert.equal(likeliest([9, 9, 0, 1, 5, 5]), 4);
  assert.equal(likeliest([9, 9, -1, -2]), 2);
});

for (const { text, tokens } of golden("tokens.json")) {
  test(`what a reader types, ${JSON.stringify(text)}`, () => assert.deepEqual(tokenise(text), tokens));
}

test("words are looked up, and unknown ones are flagged", () => {
  const { source } = read({ attention: "none" });
  assert.deepEqual(lookUp(source, ["let's", "fly", "constructor"]), [
    { word: "let's", id: 4, known: true },
    { word: "fly", id: 3, known: false },
    { word: "constructor", id: 3, known: false },
  ]);
});

test("a sentence that a model cannot read is refused with a sentence", () => {
  const translator = read({ attention: "none" });
  assert.throws(() => translator.encode([]), /one or more words/);
  const location = read({ score: "location", attention: undefined });
  assert.equal(location.config.score, "location");
  assert.throws(() => location.encode(Array(18).fill(4)), /at 17 words at most; the sentence has 18/);
});

/* Damaged files */

const { bytes: WHOLE } = CASES[1];
const headerEnd = (bytes) => 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));

/** The same file with another header, `change` being given the old one. */
function withHeader(change) {
  const end = headerEnd(WHOLE);
  const header = JSON.parse(new TextDecoder().decode(WHOLE.subarray(8, end)));
  const text = new TextEncoder().encode(JSON.stringify(change(header) ?? header));
  const bytes = new Uint8Array(8 + text.length + WHOLE.length - end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(WHOLE.subarray(end), 8 + text.length);
  return bytes;
}

/** The same file with another text of attnkit's. */
const withAbout = (change) =>
  withHeader((header) => {
    const about = JSON.parse(header.__metadata__.attnkit);
    change(about);
    header.__metadata__.attnkit = JSON.stringify(about);
  });

const DAMAGED = {
  "is no JSON": () => new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 91, 91]),
  "0 bytes are too few": () => new Uint8Array(),
  "the header ends at byte": () => new TextEncoder().encode("<!doctype html><title>Not found</title>"),
  "the header is no table": () => withHeader(() => 7),
  "attnkit has not written them": () => withHeader((header) => void delete header.__metadata__),
  "what attnkit says about them is no JSON": () => withHeader((header) => void (header.__metadata__.attnkit = "{")),
  "they must have format 1; they have 2": () => withAbout((about) => (about.format = 2)),
  "score must be one of": () => withAbout(({ config }) => (config.score = "euclid")),
  "attention must be one of": () => withAbout((about) => (about.config = null)),
  "layers must be a whole number; it is 1.5": () => withAbout(({ config }) => (config.layers = 1.5)),
  "decoder.lstm.weight_ih_l2 is missing": () => withHeader((header) => header && withThreeLayers(header)),
  "readout must have shape \\(7, 7\\); it has \\(49\\)": () => withHeader((header) => void (header.readout.shape = [49])),
  "no part of this design is called attention.extra": () => withHeader((header) => void (header["attention.extra"] = header["output.bias"])),
  "a vocabulary must be a list of 11 words": () => withAbout((about) => about.source.pop()),
  "is of the unknown type F64": () => withHeader((header) => void (header.readout.dtype = "F64")),
  "readout has no place": () => withHeader((header) => void delete header.readout.shape),
  "output.bias holds a number that is not finite": () => {
    const bytes = withHeader(() => undefined);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, headerEnd(bytes))));
    bytes.fill(255, headerEnd(bytes) + header["output.bias"].data_offsets[0], headerEnd(bytes) + header["output.bias"].data_offsets[1]);
    return bytes;
  },
};

function withThreeLayers(header) {
  const about = JSON.parse(header.__metadata__.attnkit);
  about.config.layers = 3;
  header.__metadata__.attnkit = JSON.stringify(about);
  for (const name of Object.keys(header)) if (/^encoder.*_l1/.test(name)) header[name.replace("_l1", "_l2")] = header[name];
}

for (const [sentence, make] of Object.entries(DAMAGED)) {
  test(`damaged weights: ${sentence}`, () => {
    assert.throws(() => translatorOf(make()), new RegExp(`^Error: These weights are damaged: .*${sentence}`));
  });
}

const refusal = (bytes) => {
  try {
    translatorOf(bytes);
    return null;
  } catch (error) {
    return error;
  }
};

test("a file that was cut anywhere is refused, and never crashes the reader", () => {
  for (let length = 0; length < WHOLE.length; length += 1 + (length % 7)) {
    assert.match(String(refusal(WHOLE.slice(0, length))), /^Error: These weights are damaged: /, `at ${length}`);
  }
  assert.equal(refusal(WHOLE), null);
});

test("a header with any one letter changed is read or refused, and never crashes the reader", () => {
  const seen = new Set();
  for (let at = 0; at < headerEnd(WHOLE); at++) {
    const bytes = WHOLE.slice();
    bytes[at] = [34, 49, 44, 255][at % 4]; // a quote, a digit, a comma, no letter at all
    const error = refusal(bytes);
    if (error !== null) assert.match(String(error), /^Error: These weights are damaged: /, `letter ${at}`);
    seen.add(error === null);
  }
  assert.deepEqual([...seen].sort(), [false, true]);
});

test("the reader takes bytes that begin anywhere in a buffer, as a kernel sends them", () => {
  const shifted = new Uint8Array(WHOLE.length + 3);
  shifted.set(WHOLE, 3);
  const view = shifted.subarray(3);
  assert.deepEqual(readTensors(view), readTensors(WHOLE));
  assert.deepEqual(translatorOf(view).translate(SENTENCE), translatorOf(WHOLE).translate(SENTENCE));
});
