// A sentence and the same words in another order, through two trained translators: one has no positions.

import { bars, button, h, lay, numbers, put, read, select, watch } from "../frame/dom.mjs";
import { norm } from "../frame/maths.mjs";
import { lookUp, tokenise } from "../frame/checkpoint.mjs";
import { barsOf, nameOf, picker } from "../frame/sentence.mjs";
import { Transformer } from "../frame/transformer.mjs";
import { translators } from "../frame/weights.mjs";

const NAMES = ["sentence", "order", "examples"];
const MODELS = { "transformer-positions-none": "without positions", transformer: "with sinusoids" };

/** The order of the state; for a moment after a new sentence it may be that of the old one, and then it is backwards. */
function orderOf(order, count) {
  return order.length === count ? order : Array.from({ length: count }, (_, i) => count - 1 - i);
}

function compute(state, arrived) {
  const words = tokenise(state.sentence);
  const order = orderOf(state.order, words.length);
  const readings = arrived.map((translator) => {
    const [first, second] = [words, order.map((i) => words[i])].map((sentence) => translator.translate(sentence));
    const moved = order.map((i, at) => {
      const [before, after] = [first.memory.states[i], second.memory.states[at]];
      return norm(before.map((x, d) => after[d] - x)) / (norm(before) + norm(after));
    });
    return { inOrder: first.words.join(" "), shuffled: second.words.join(" "), moved };
  });
  const marked = lookUp(arrived[arrived.length - 1].source, words).map(nameOf);
  return { words: marked, order, readings };
}

function tabled({ words, order, readings }) {
  return {
    caption: "The shuffled words: where they stood, from 0, and how far their encoder vectors move",
    columns: ["", "stood at", ...Object.values(MODELS)],
    rows: [
      ...order.map((i, at) => [words[i], i, ...readings.map(({ moved }) => moved[at])]),
      ["translation, in order", null, ...readings.map(({ inOrder }) => inOrder)],
      ["translation, shuffled", null, ...readings.map(({ shuffled }) => shuffled)],
    ],
  };
}

/** `arrived` are the two translators, in the order of MODELS. */
export function table(state, ...arrived) {
  return tabled(compute(state, arrived));
}

function render({ model, el }) {
  let arrived = null;
  const chooser = picker({ sentences: model.get("examples"), on: "change", take: begin });

  const now = () => orderOf(model.get("order"), tokenise(model.get("sentence")).length);
  const [one, other] = ["exchange", "with"].map((label) => select({ label, options: [], change: () => {} }));
  const [from, to] = [one, other].map(({ element }) => element.querySelector("select"));
  const exchange = button("Exchange", () => {
    const [i, j] = [Number(from.value), Number(to.value)];
    put(model, "order", now().map((word, at, order) => (at === i ? order[j] : at === j ? order[i] : word)));
  });
  const mix = button("Shuffle", () => {
    const order = [...now()];
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(Math.random() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    put(model, "order", order);
  });
  const back = button("Back in order", () => put(model, "order", now().map((_, i) => i)));
  const shuffled = h("p", { class: "ak-written" });
  const sides = Object.values(MODELS).map((name) => ({ name, said: [h("p"), h("p")], verdict: h("p"), moves: bars("ak-query") }));
  const details = numbers();

  const boxes = sides.map(({ name, said, verdict, moves }) =>
    h("div", { class: "ak-side" }, h("p", { class: "ak-part-name" }, name), ...said, verdict, h("p", { class: "ak-name" }, "how far each word’s vector moves: 0 not at all, 1 to its opposite"), moves.element),
  );
  const shown = h("div", { hidden: true }, h("p", { class: "ak-name" }, "shuffled"), shuffled, h("div", { class: "ak-sides" }, ...boxes), details.element);
  const waiting = translators({
    model,
    names: Object.keys(MODELS),
    architectures: [Transformer],
    ready(...both) {
      arrived = both;
      draw();
    },
  });
  lay(el, "stack", {
    sentence: chooser.elements,
    controls: [one.element, other.element, h("div", { class: "ak-buttons ak-many" }, exchange), h("div", { class: "ak-buttons ak-many" }, mix, back)],
    below: [waiting.element, shown],
  });

  function begin(text) {
    const count = tokenise(text).length;
    put(model, "sentence", text);
    put(model, "order", Array.from({ length: count }, (_, i) => count - 1 - i));
  }

  function draw() {
    const state = read(model, NAMES);
    chooser.update(state.sentence);
    const tokens = tokenise(state.sentence);
    const order = now();
    for (const [box, first] of [[from, 0], [to, order.length - 1]]) {
      const chosen = box.options.length === order.length ? box.value : first;
      box.replaceChildren(...order.map((i, at) => h("option", { value: at }, `${at + 1}: ${tokens[i]}`)));
      box.value = chosen;
    }
    if (arrived === null) return;

    const found = compute(state, arrived);
    const words = found.order.map((i) => found.words[i]);
    shown.hidden = false;
    shuffled.textContent = words.join(" ");
    sides.forEach(({ name, said, verdict, moves }, i) => {
      const { inOrder, shuffled, moved } = found.readings[i];
      said.forEach((line, at) => line.replaceChildren(h("span", { class: "ak-name" }, at === 0 ? "in order: " : "shuffled: "), h("span", { lang: "es" }, [inOrder, shuffled][at] || "—")));
      verdict.textContent = inOrder === shuffled ? "= the same translation" : "≠ another translation";
      moves.update(barsOf(`${name}, how far each vector moves`, words.map((word, at) => [word, moved[at]])));
    });
    details.update(tabled(found));
  }

  const stop = watch(model, NAMES, draw);
  return () => {
    stop();
    waiting.end();
  };
}

export default { render };
