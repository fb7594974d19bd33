// A trained Transformer with some of its heads switched off: what it writes then, and what else it might have written.

import { softmax } from "../frame/maths.mjs";
import { bars, button, checkbox, format, h, heatmap, numbers, put, read, select, slider, watch } from "../frame/dom.mjs";
import { BOS } from "../frame/checkpoint.mjs";
import { barsOf, looksOf, picker, strangersIn, topOf, translated } from "../frame/sentence.mjs";
import { Transformer } from "../frame/transformer.mjs";
import { whenArrived } from "../frame/weights.mjs";

const NAMES = ["sentences", "text", "part", "layer", "head", "off", "step"];
const PARTS = { encoder: "encoder", self: "decoder: itself", cross: "decoder: source" };

const chancesOf = (logits) => softmax(Array.from(logits));

/** The heads that are off, as the engine wants them: for each part and layer a list. */
function listsOf({ config }, off) {
  const lists = () => Array.from({ length: config.layers }, () => []);
  const all = { encoder: lists(), self: lists(), cross: lists() };
  for (const [part, layer, head] of off) all[part][layer].push(head);
  return all;
}

/** The same without some heads: what it writes by itself, and its probabilities after what the whole model wrote. */
function ablated(translator, { words, steps }, off) {
  const options = { without: listsOf(translator, off) };
  const free = translator.translate(words.map(({ word }) => word), undefined, options);
  const teacher = [BOS, ...steps.slice(0, -1).map(({ id }) => id)];
  const { logits } = translator.decode(teacher, translator.start(free.memory), free.memory, options);
  return { written: free.steps.map(({ word }) => word), ended: free.ended, chances: logits.map(chancesOf) };
}

function present(translator, found, other, state) {
  const at = Math.min(state.step, found.steps.length - 1);
  const [whole, less] = [chancesOf(found.steps[at].logits), other.chances[at]];
  return { at, whole, less, map: looksOf(found, state), word: (id) => translator.target.words[id] };
}

function tableOf({ at, whole, less, map: { values, rows, columns }, word }, { part, layer, head }) {
  const listed = [...new Set([...topOf(whole), ...topOf(less)])];
  return {
    caption: `Next words at step ${at + 1}, and the weights of ${part} layer ${layer}, head ${head}`,
    columns: ["", "all heads", "without", ...columns],
    rows: [
      ...listed.map((id) => [`next: ${word(id)}`, whole[id], less[id], ...columns.map(() => null)]),
      ...rows.map((name, i) => [`${i}: ${name}`, null, null, ...values[i]]),
    ],
  };
}

export function table(state, translator) {
  const found = translated(translator, state.text);
  return tableOf(present(translator, found, ablated(translator, found, state.off), state), state);
}

function show(model, translator) {
  const { layers, heads } = translator.config;
  let [found, other, text, off, now] = [null, null, null, null, null];
  const take = (wanted) => {
    put(model, "step", 0);
    put(model, "text", wanted);
  };
  const chooser = picker({ sentences: model.get("sentences"), verb: "Translate", take });

  const chosen = ([part, layer, head]) => part === model.get("part") && layer === model.get("layer") && head === model.get("head");
  const part = select({ label: "whose head", options: Object.entries(PARTS), change: (value) => put(model, "part", value) });
  const [layer, head] = [["layer", layers], ["head", heads]].map(([name, size]) => slider({ label: name, min: 0, max: size - 1, step: 1, show: (x) => `${x}`, change: (x) => put(model, name, x) }));
  const turn = checkbox({ label: "switch this head off", change: (on) => put(model, "off", [...model.get("off").filter((one) => !chosen(one)), ...(on ? [[model.get("part"), model.get("layer"), model.get("head")]] : [])]) });
  const step = slider({ label: "next word at step", min: 1, max: 1, step: 1, kind: "ak-output", show: (x) => `${x} of ${found.steps.length}`, change: (x) => put(model, "step", x - 1) });
  const [whole, less] = [h("p", { class: "ak-written", lang: "es" }), h("p", { class: "ak-written", lang: "es" })];
  const [before, after] = [bars("ak-output"), bars("ak-output")];
  const switched = h("p", { class: "ak-label" });
  const map = heatmap({ name: "Weights", describe: (i, j) => `“${now.map.rows[i]}” looks at “${now.map.columns[j]}”: weight ${format(now.map.values[i][j])}` });
  const note = h("p", { class: "ak-label" });
  const details = numbers();
  const side = (name, ...children) => h("div", { class: "ak-side" }, h("p", { class: "ak-part-name" }, name), ...children);

  const show = (element, { written, ended }, first) => {
    const words = written[written.length - 1] === "<eos>" ? written.slice(0, -1) : written;
    element.replaceChildren(...words.flatMap((word, i) => [i === first ? h("strong", {}, word) : word, " "]), ended ? "" : "… (cut here)");
  };
  const list = (bar, name, chances) => bar.update(barsOf(name, topOf(chances).map((id) => [now.word(id), chances[id]])));
  const stop = watch(model, NAMES, () => {
    const state = read(model, NAMES);
    if (state.text !== text) {
      found = translated(translator, state.text);
      [text, off] = [state.text, null];
      chooser.update(text, strangersIn(found.words));
      step.input.max = found.steps.length;
    }
    if (off !== JSON.stringify(state.off)) other = ablated(translator, found, state.off);
    off = JSON.stringify(state.off);
    now = present(translator, found, other, state);
    part.update(state.part);
    layer.update(state.layer);
    head.update(state.head);
    turn.update(state.off.some(chosen));
    step.update(now.at + 1);
    const first = other.written.findIndex((word, i) => word !== found.written[i]);
    show(whole, found, -1);
    show(less, other, first);
    list(before, "With all heads", now.whole);
    list(after, "Without them", now.less);
    const names = state.off.map(([name, l, n]) => `${PARTS[name]} ${l}.${n}`);
    const same = first < 0 && other.written.length === found.written.length;
    switched.textContent = names.length === 0 ? "All heads are on." : `Off, as layer.head: ${names.join("; ")}. ${same ? "The translation stays the same." : "The translation changes."}`;
    const sides = { encoder: "", self: " Rows and columns are the words that the decoder has read.", cross: " A row is the word that is being written." };
    note.textContent = `Where head ${state.head} in layer ${state.layer} looks (${PARTS[state.part]}) with all heads on.${sides[state.part]}`;
    map.update({ ...now.map, largest: 1, label: `${note.textContent} ${now.map.rows.map((word, i) => `“${word}”: “${now.map.columns[now.map.values[i].indexOf(Math.max(...now.map.values[i]))]}”`).join(", ")}.` });
    details.update(tableOf(now, state));
  });
  return {
    parts: {
      sentence: chooser.elements,
      controls: [part.element, layer.element, head.element, turn.element],
      below: [switched, button("Switch all heads on", () => put(model, "off", [])), h("div", { class: "ak-sides" }, side("With all heads", whole, before.element), side("Without the heads that are off", less, after.element)), step.element],
      picture: [map.element],
      last: [note, details.element],
    },
    end() {
      stop();
      map.end();
    },
  };
}

const render = ({ model, el }) => whenArrived({ model, el, names: ["transformer"], architectures: [Transformer], show });

export default { render };
