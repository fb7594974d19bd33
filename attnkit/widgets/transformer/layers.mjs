// The whole Transformer for one sentence: where each head looks, what each sublayer adds, and the word that comes.

import { layerNorm, softmax } from "../frame/maths.mjs";
import { bars, format, h, heatmap, numbers, put, read, select, slider, watch } from "../frame/dom.mjs";
import { BOS, added, likeliest, product } from "../frame/checkpoint.mjs";
import { barsOf, goldOf, linkAt, looksOf, nameOf, partOf, picker, stepper, strangersIn, topOf, translated } from "../frame/sentence.mjs";
import { Transformer } from "../frame/transformer.mjs";
import { whenArrived } from "../frame/weights.mjs";

const NAMES = ["sentences", "gold", "text", "part", "layer", "head", "word", "step"];
const MEAN = -1; // instead of a head: the mean of all
const PARTS = { encoder: "the encoder's self-attention", self: "the decoder's self-attention", cross: "the cross-attention" };
const FRAMED = { encoder: "the English word of the bars above", self: "the word that is read at this step", cross: "the word that is written at this step" };

const sizeOf = (vector) => Math.hypot(...vector);
const headOf = (head) => (head === MEAN ? "mean of all heads" : `head ${head}`);

/** A vector's way through a stack: what each sublayer adds, the size that it then has, and the word that it would write. */
function wayOf(stack, start, blocks, wouldWrite) {
  const way = [{ name: "embedding and position", adds: null, size: sizeOf(start), word: wouldWrite(start) }];
  let vector = start;
  blocks.forEach(({ changes, output }, l) => {
    for (const [name, change] of changes) {
      vector = added(vector, change);
      way.push({ name: `layer ${l}, ${name}`, adds: sizeOf(change), size: sizeOf(vector), word: wouldWrite(vector) });
    }
    way.push({ name: `layer ${l}, feed-forward`, adds: sizeOf(output.map((x, c) => x - vector[c])), size: sizeOf(output), word: wouldWrite(output) });
    vector = output;
  });
  const [last] = layerNorm([vector], stack.norm.scale, stack.norm.shift);
  return [...way, { name: "last norm", adds: null, size: sizeOf(last), word: way[way.length - 1].word }];
}

/** The way of one source word, or else of the word that is read at a step. */
function wayFor(translator, { words, memory, steps }, { part, word, at }) {
  const { encoder, decoder, output, target } = translator;
  if (part === "encoder") {
    const blocks = memory.blocks.map((block, l) => {
      const joined = block.heads.flatMap((rows) => Array.from(rows[word]));
      return { changes: [["self-attention", product(encoder.blocks[l].attention.output, joined)]], output: block.output[word] };
    });
    return wayOf(encoder, encoder.embedded(words[word].id, word), blocks, () => null);
  }
  const [previous, before] = at === 0 ? [BOS, translator.start(memory)] : [steps[at - 1].id, steps[at - 1].state];
  const { blocks } = translator.decode([previous], before, memory);
  const parts = blocks.map(({ self, cross, output: [vector] }) => ({ changes: [["self-attention", self.output[0]], ["cross-attention", cross.output[0]]], output: vector }));
  const wouldWrite = (vector) => target.words[likeliest(output(layerNorm([vector], decoder.norm.scale, decoder.norm.shift)[0]))];
  return wayOf(decoder, decoder.embedded(previous, at), parts, wouldWrite);
}

function present(translator, found, state) {
  const at = Math.min(state.step, found.steps.length - 1);
  const word = Math.min(state.word, found.words.length - 1);
  const chances = softmax(Array.from(found.steps[at].logits));
  const ofEncoder = state.part === "encoder";
  return {
    at,
    word,
    row: ofEncoder ? word : at,
    traveller: ofEncoder ? found.words[word].word : found.read[at],
    map: looksOf(found, state),
    way: wayFor(translator, found, { part: state.part, word, at }),
    next: topOf(chances).map((id) => [translator.target.words[id], chances[id]]),
  };
}

function tableOf({ at, traveller, map: { values, rows, columns }, way, next }, { part, layer, head }) {
  const none = columns.map(() => null);
  return {
    caption: `Weights of ${PARTS[part]}, layer ${layer}, ${headOf(head)}; what each sublayer adds to “${traveller}”; next words at step ${at + 1}`,
    columns: ["", ...columns, "adds", "then", "would write", "probability"],
    rows: [
      ...rows.map((name, i) => [`${i}: ${name}`, ...values[i], null, null, null, null]),
      ...way.map(({ name, adds, size, word }) => [name, ...none, adds, size, word, null]),
      ...next.map(([word, chance]) => [`next: ${word}`, ...none, null, null, null, chance]),
    ],
  };
}

export function table(state, translator) {
  return tableOf(present(translator, translated(translator, state.text), state), state);
}

function sentence({ words, written }, { at, row, map: { values, rows, columns }, next: [[word, chance]] }, { part, layer, head }) {
  const best = values[row].indexOf(Math.max(...values[row]));
  return `“${words.map((one) => one.word).join(" ")}”, step ${at + 1} of ${written.length}: the likeliest next word is “${word}” (${format(chance, 2)}). In ${PARTS[part]}, layer ${layer}, ${headOf(head)}, “${rows[row]}” looks most at “${columns[best]}” (${format(values[row][best], 2)}).`;
}

/** Each stage with what it adds as a bar, the size of the vector behind it, and the word that it would write there. */
function stages() {
  const element = h("div", { class: "ak-bars ak-way ak-value", role: "img" });
  return {
    element,
    update(way, traveller) {
      const largest = Math.max(...way.map(({ adds }) => adds ?? 0)) || 1;
      const told = way.map(({ name, adds, size, word }) => `${name}${adds === null ? "" : ` adds ${format(adds, 2)}`}, then ${format(size, 2)}${word === null ? "" : `, would write ${word}`}`);
      element.setAttribute("aria-label", `The vector of “${traveller}” on its way: ${told.join("; ")}.`);
      element.replaceChildren(
        ...["", "", "adds", "then", way[0].word === null ? "" : "would write"].map((head) => h("span", { class: "ak-name" }, head)),
        ...way.flatMap(({ name, adds, size, word }) => [
          h("span", { class: "ak-bar-name" }, name),
          h("span", { class: "ak-bar" }, h("span", { style: `width: ${(100 * (adds ?? 0)) / largest}%` })),
          h("span", { class: "ak-bar-value" }, adds === null ? "" : format(adds, 2)),
          h("span", { class: "ak-bar-value" }, format(size, 2)),
          h("span", { lang: "es" }, word ?? ""),
        ]),
      );
    },
  };
}

function show(model, translator) {
  const { layers, heads } = translator.config;
  let [found, text, gold, now] = [null, null, null, null];
  const take = (wanted) => {
    put(model, "step", 0);
    put(model, "word", 0);
    put(model, "text", wanted);
  };

  const chooser = picker({ sentences: model.get("sentences"), verb: "Translate", take });

  const step = stepper("ak-output", (to) => put(model, "step", to));
  const written = h("p", { class: "ak-written", lang: "es" });
  const next = bars("ak-output");
  const part = select({ label: "place", options: Object.entries(PARTS), change: (value) => put(model, "part", value) });
  const layer = slider({ label: "layer", min: 0, max: layers - 1, step: 1, show: (x) => `${x}`, change: (x) => put(model, "layer", x) });
  const head = slider({ label: "head", min: MEAN, max: heads - 1, step: 1, show: (x) => (x === MEAN ? "mean of all" : `${x}`), change: (x) => put(model, "head", x) });
  const word = slider({ label: "English word", min: 0, max: 1, step: 1, kind: "ak-query", show: (j) => `${j}: ${nameOf(found.words[j])}`, change: (j) => put(model, "word", j) });
  const title = h("p", { class: "ak-part-name" });
  const way = stages();
  const map = heatmap({
    name: "Weights",
    describe(row, column) {
      const { values, rows, columns } = now.map;
      return `“${rows[row]}” looks at “${columns[column]}”: weight ${format(values[row][column])}${linkAt(gold.links, row, column)}`;
    },
  });
  const note = h("p", { class: "ak-label" });
  const details = numbers();

  const stop = watch(model, NAMES, () => {
    const state = read(model, NAMES);
    if (state.text !== text) {
      found = translated(translator, state.text);
      text = state.text;
      chooser.update(text, strangersIn(found.words));
      word.input.max = found.words.length - 1;
    }
    now = present(translator, found, state);
    gold = state.part === "cross" ? goldOf(state.gold[state.sentences.indexOf(text)] ?? null, found.written) : { links: [], note: "" };
    step.update(now.at, found.steps.length);
    part.update(state.part);
    layer.update(state.layer);
    head.update(state.head);
    word.update(now.word);
    word.input.disabled = state.part !== "encoder";
    written.replaceChildren(...found.written.slice(0, now.at).map((one) => `${one} `), h("strong", {}, now.next[0][0]));
    next.update(barsOf("The next word", now.next));
    title.textContent = `What each sublayer of the ${state.part === "encoder" ? "encoder" : "decoder"} adds to “${now.traveller}”`;
    way.update(now.way, now.traveller);
    map.update({ ...now.map, largest: 1, marks: [{ kind: "row", row: now.row }, ...gold.links], label: sentence(found, now, state) });
    note.textContent = `The frame marks ${FRAMED[state.part]}. ${gold.note}`.trim();
    details.update(tableOf(now, state));
  });
  return {
    parts: {
      sentence: chooser.elements,
      steps: step.elements,
      parts: [partOf("Written so far, and the next word", written, next.element), h("div", { class: "ak-part" }, title, way.element)],
      controls: [part.element, layer.element, head.element, word.element],
      picture: [map.element],
      below: [note, details.element],
    },
    end() {
      stop();
      map.end();
    },
  };
}

const render = ({ model, el }) => whenArrived({ model, el, names: ["transformer"], architectures: [Transformer], show });

export default { render };
