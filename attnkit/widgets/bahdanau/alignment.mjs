// A trained translator step by step: scores, weights, context, the next word; and where each of its steps has looked.

import { softmax } from "../frame/maths.mjs";
import { bars, button, format, h, heatmap, mapColour, numbers, put, read, select, slider, watch } from "../frame/dom.mjs";
import { BOS } from "../frame/checkpoint.mjs";
import { barsOf, goldOf, linkAt, nameOf, partOf, picker, stepper, strangersIn, topOf, translated } from "../frame/sentence.mjs";
import { Seq2Seq } from "../frame/seq2seq.mjs";
import { whenArrived } from "../frame/weights.mjs";

const NAMES = ["sentences", "gold", "text", "step", "word", "weight"];

/** Give one weight another value and scale all others alike, so that they still sum to 1. */
function shifted(weights, j, weight) {
  const others = weights.reduce((sum, w, i) => (i === j ? sum : sum + w), 0);
  const rest = weights.length > 1 ? 1 - weight : 0;
  return weights.map((w, i) => (i === j ? 1 - rest : others > 0 ? (w * rest) / others : rest / (weights.length - 1)));
}

/** What stands at the present step: the words that may follow come with their probabilities, the likeliest first. */
function present(translator, { words, memory, steps }, { step, word, weight }) {
  const at = Math.min(step, steps.length - 1);
  const chosen = Math.min(word, words.length - 1);
  const own = steps[at];
  const used = weight === null ? own.weights : shifted(own.weights, chosen, weight);
  const [previous, before] = at === 0 ? [BOS, translator.start(memory)] : [steps[at - 1].id, steps[at - 1].state];
  const { logits, context } = weight === null ? own : translator.step(previous, before, memory, used);
  const chances = probabilities(logits);
  return { at, chosen, own, used, context, chance: chances[own.id], next: topOf(chances).map((id) => [translator.target.words[id], chances[id]]) };
}

const probabilities = (logits) => softmax(Array.from(logits));

function tableOf({ words, steps }, { at, used, own, next }) {
  const none = words.map(() => null);
  return {
    caption: "Weights of each step over the source words, and probabilities of the next word",
    columns: ["", ...words.map(nameOf), "probability"],
    rows: [
      ...steps.map(({ word, id, weights, logits }, i) => [`${i + 1}: ${word}`, ...weights, probabilities(logits)[id]]),
      [`scores of step ${at + 1}`, ...own.scores, null],
      [`weights in use at step ${at + 1}`, ...used, null],
      ...next.map(([word, chance]) => [`next: ${word}`, ...none, chance]),
    ],
  };
}

export function table(state, translator) {
  const found = translated(translator, state.text);
  return tableOf(found, present(translator, found, state));
}

function sentence({ words, steps }, { at, chosen, used, next: [[word, chance]] }, { weight }) {
  const best = used.indexOf(Math.max(...used));
  const said = weight === null ? "" : ` You have set the weight of “${words[chosen].word}” to ${format(used[chosen], 2)}.`;
  return `“${words.map(({ word }) => word).join(" ")}”, step ${at + 1} of ${steps.length}: most weight on “${words[best].word}” (${format(used[best], 2)}), and the likeliest next word is “${word}” (${format(chance, 2)}).${said}`;
}

/** Each source word with its score and a bar as long as its weight. */
function looks() {
  const list = h("div", { class: "ak-bars ak-looks ak-weight", role: "img" });
  // A long sentence scrolls.
  const element = h("div", { class: "ak-long", tabindex: 0, role: "group", "aria-label": "Scores and weights" }, list);
  return {
    element,
    update(words, { own, used, at }) {
      const named = words.map((word, j) => `${nameOf(word)} ${format(own.scores[j], 2)} → ${format(used[j], 2)}`);
      list.setAttribute("aria-label", `Score and weight of each source word at step ${at + 1}: ${named.join(", ")}.`);
      list.replaceChildren(
        ...["", "score", "", "weight"].map((head) => h("span", { class: "ak-name" }, head)),
        ...words.flatMap((word, j) => [
          h("span", { class: "ak-bar-name" }, nameOf(word)),
          h("span", { class: "ak-bar-value" }, format(own.scores[j], 2)),
          h("span", { class: "ak-bar" }, h("span", { style: `width: ${100 * used[j]}%` })),
          h("span", { class: "ak-bar-value" }, format(used[j])),
        ]),
      );
    },
  };
}

/** A vector as a strip of colours. */
function strip() {
  const element = h("div", { class: "ak-strip", role: "img" });
  return {
    element,
    update(vector) {
      const [low, high] = [Math.min(...vector), Math.max(...vector)];
      const largest = Math.max(-low, high) || 1;
      const share = 100 / vector.length;
      const stops = Array.from(vector, (x, i) => `${mapColour(x / largest)} ${i * share}% ${(i + 1) * share}%`);
      element.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
      element.setAttribute("aria-label", `The context: ${vector.length} numbers from ${format(low, 2)} to ${format(high, 2)}.`);
    },
  };
}

function show(model, translator) {
  let [found, text, gold, now] = [null, null, null, null];
  const clear = () => put(model, "weight", null);
  const take = (wanted) => {
    clear();
    put(model, "step", 0);
    put(model, "word", 0);
    put(model, "text", wanted);
  };

  const chooser = picker({ sentences: model.get("sentences"), verb: "Translate", take });

  const step = stepper("ak-query", (to) => {
    clear();
    put(model, "step", to);
  });
  const written = h("p", { class: "ak-written" });
  const look = looks();
  const context = strip();
  const next = bars("ak-output");
  const before = h("p", { class: "ak-label" });
  let word = null;
  const words = h("div", {}); // a choice of words for each sentence
  const weight = slider({ label: "its weight at this step", min: 0, max: 1, step: "any", kind: "ak-weight", show: (x) => format(x, 2), change: (x) => put(model, "weight", x) });
  function chooseWord(j) {
    clear();
    put(model, "word", Number(j));
  }
  const map = heatmap({
    name: "Alignment",
    describe(row, column) {
      return `step ${row + 1}, “${found.steps[row].word}”, and “${nameOf(found.words[column])}”: weight ${format(values()[row][column])}${linkAt(gold.links, row, column)}`;
    },
  });
  const note = h("p", { class: "ak-label" });
  const details = numbers();
  const values = () => found.steps.map(({ weights }, i) => (i === now.at ? now.used : weights));

  const stop = watch(model, NAMES, () => {
    const state = read(model, NAMES);
    if (state.text !== text) {
      found = translated(translator, state.text);
      text = state.text;
      chooser.update(text, strangersIn(found.words));
      word = select({ label: "source word", options: found.words.map((one, j) => [j, `${j + 1}: ${nameOf(one)}`]), change: chooseWord });
      words.replaceChildren(word.element);
    }
    now = present(translator, found, state);
    gold = goldOf(state.gold[state.sentences.indexOf(text)] ?? null, found.written);
    step.update(now.at, found.steps.length);
    word.update(now.chosen);
    weight.update(now.used[now.chosen]);
    weight.input.disabled = found.words.length === 1;
    written.replaceChildren(...found.steps.slice(0, now.at).map((one) => `${one.word} `), h("strong", {}, now.next[0][0]));
    look.update(found.words, now);
    context.update(now.context);
    next.update(barsOf("The next word", now.next));
    const first = probabilities(now.own.logits)[now.own.id];
    before.textContent = state.weight === null ? "" : `By the model's own weights it is “${now.own.word}” (${format(first, 2)}); now that word has ${format(now.chance, 2)}.`;
    const marks = [{ kind: "row", row: now.at }, ...gold.links];
    map.update({ values: values(), rows: found.written, columns: found.words.map(nameOf), largest: 1, marks, label: sentence(found, now, state) });
    note.textContent = `The frame marks the present step. ${gold.note}`;
    details.update(tableOf(found, now));
  });
  return {
    parts: {
      sentence: chooser.elements,
      steps: step.elements,
      parts: [
        partOf("Written so far", written),
        partOf("Scores become weights", look.element),
        partOf("Weights mix the context", context.element),
        partOf("The context leads to the next word", next.element, before),
        partOf("Change one weight; the others are scaled so that all still sum to 1", h("div", { class: "ak-steps" }, words, weight.element, button("Back to the model's weights", clear))),
      ],
      picture: [map.element],
      below: [note, details.element],
    },
    end() {
      stop();
      map.end();
    },
  };
}

const render = ({ model, el }) => whenArrived({ model, el, names: ["bahdanau"], architectures: [Seq2Seq], show });

export default { render };
