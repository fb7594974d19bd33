// What every trained model of attnkit.models needs in the page: its file, its words, and sums of typed arrays. No DOM.
// Weights are float32 as in Python; sums run in float64. The architectures stand in seq2seq.mjs and transformer.mjs.

import { dot } from "../frame/maths.mjs";

const FORMAT = 1;
export const PAD = 0;
export const BOS = 1;
export const EOS = 2;
const UNK = 3;

/* The file: eight bytes that say how long the header is, the header in JSON, and the numbers. */

export function expectWhole(good, what) {
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
export function addProduct(out, { rows, columns, numbers }, vector) {
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

export const product = (weights, vector) => addProduct(new Float64Array(weights.rows), weights, vector);
export const rowOf = ({ columns, numbers }, i) => new Float64Array(numbers.subarray(i * columns, (i + 1) * columns));

export const added = (a, b) => addTimes(new Float64Array(a), b, 1);

/** Add `vector`, so many times, to `out`. */
export function addTimes(out, vector, times) {
  for (let i = 0; i < out.length; i++) out[i] += times * vector[i];
  return out;
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

/* Translators */

/**
 * A translator from the bytes of a checkpoint, as `attnkit.checkpoints.save` writes them. `architectures` are the classes
 * that it may be of, such as `[Seq2Seq, Transformer]`: so a page carries only what its widgets can run.
 */
export function readTranslator(bytes, architectures) {
  const { metadata, tensors } = readTensors(bytes);
  expectWhole(typeof metadata?.attnkit === "string", "attnkit has not written them");
  const about = parsed(metadata.attnkit, "what attnkit says about them");
  expectWhole(about?.format === FORMAT, `they must have format ${FORMAT}; they have ${about?.format}`);
  const name = about.config?.architecture ?? "recurrent";
  const Architecture = architectures.find(({ architecture }) => architecture === name);
  expectWhole(Architecture, `architecture must be ${architectures.map(({ architecture }) => architecture).join(" or ")}; it is ${name}`);
  const { config } = about;
  for (const [choice, known] of Object.entries(Architecture.choices)) {
    expectWhole(known.includes(config?.[choice]), `${choice} must be one of ${known.join(", ")}; it is ${config?.[choice]}`);
  }
  for (const count of Architecture.counts) {
    expectWhole(Number.isSafeInteger(config[count]) && config[count] > 0, `${count} must be a whole number; it is ${config[count]}`);
  }
  const parts = shelf(tensors);
  const translator = new Architecture(about, parts);
  const rest = parts.rest();
  expectWhole(rest.length === 0, `no part of this design is called ${rest.join(", ")}`);
  return translator;
}

/** What all translators have: a design, two vocabularies, and greedy search over `encode`, `start` and `step`. */
export class Translator {
  constructor({ config, source, target, record }) {
    this.config = config;
    this.record = record;
    this.source = vocabularyOf(source, config.source_words);
    this.target = vocabularyOf(target, config.target_words);
  }

  /**
   * Translate words, the likeliest next word each time: `attnkit.decoding.greedy`.
   * `limit` counts `<eos>`; `options` are those of `encode` and `step`.
   * `steps` holds what each step made, with the `word` that it wrote; the step of `<eos>` too.
   */
  translate(words, limit = 2 * words.length + 10, options = undefined) {
    const memory = this.encode(lookUp(this.source, words).map(({ id }) => id), options);
    const steps = [];
    let [id, state, logProbability] = [BOS, this.start(memory), 0];
    while (steps.length < limit && id !== EOS) {
      const step = this.step(id, state, memory, options);
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
