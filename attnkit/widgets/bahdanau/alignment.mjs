// A trained translator step by step: scores, weights, context, the next word; and where each of its steps has looked.

import { softmax } from "../frame/maths.mjs";
import { bars, button, format, h, heatmap, lay, mapColour, numbers, put, read, select, slider, watch } from "../frame/dom.mjs";
import { BOS, lookUp, tokenise } from "../frame/checkpoint.mjs";
import { Seq2Seq } from "../frame/seq2seq.mjs";
import { translators } from "../frame/weights.mjs";

const NAMES = ["sentences", "gold", "text", "step", "word", "weight"];
const LONGEST = 60;
const TOP = 5;

/** The sentence in words, what the encoder made of it, and every step of the greedy translation. */
function translated(translator, text) {
  const words = lookUp(translator.source, tokenise(text));
  const { memory, steps } = translator.translate(words.map(({ word }) => word));
  return { words, memory, steps };
}

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
  const next = [...chances.keys()].filter((id) => id > BOS).sort((a, b) => chances[b] - chances[a]).slice(0, TOP);
  return { at, chosen, own, used, context, chance: chances[own.id], next: next.map((id) => [translator.target.words[id], chances[id]]) };
}

const probabilities = (logits) => softmax(Array.from(logits));
const nameOf = ({ word, known }) => (known ? word : `${word} (?)`);

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

/** The gold links whose target word stands at the same place in what the model wrote, and what to say about them. */
function goldOf({ sentences, gold, text }, { steps }) {
  const found = gold[sentences.indexOf(text)] ?? null;
  if (found === null) return { links: [], note: "The frame marks the present step. No gold alignment is stored for this sentence." };
  const same = (i) => steps[i]?.word === found.target[i];
  const links = ["sure", "possible"].flatMap((kind) => found[kind].filter(([i]) => same(i)).map(([row, column]) => ({ kind, row, column })));
  const whole = steps.length === found.target.length + 1 && found.target.every((_, i) => same(i));
  const other = whole ? "" : ` The gold translation is “${found.target.join(" ")}”; only words that stand at the same place have links.`;
  return { links, note: `The frame marks the present step. Gold alignment: □ a sure link, ○ a possible one.${other}` };
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

function render({ model, el }) {
  const waiting = translators({ model, names: ["bahdanau"], architectures: [Seq2Seq], ready });
  let end = () => {};
  lay(el, "stack", { below: [waiting.element] });
  const frame = el.firstChild; // a page takes it out of `el`

  function ready(translator) {
    let [found, text, gold, now] = [null, null, null, null];
    const clear = () => put(model, "weight", null);
    const go = (to) => {
      clear();
      put(model, "step", Math.max(0, Math.min(found.steps.length - 1, to)));
    };
    const take = (wanted) => {
      clear();
      put(model, "step", 0);
      put(model, "word", 0);
      put(model, "text", wanted);
    };

    const listed = select({
      label: "sentence",
      options: [...model.get("sentences").map((one) => [one, one]), ["", "one of your own"]],
      change: (value) => (value === "" ? typed.focus() : take(value)),
    });
    const typed = h("input", { type: "text", class: "ak-typed", autocomplete: "off", autocapitalize: "off", spellcheck: "false", onkeydown: (event) => event.key === "Enter" && submit() });
    const told = h("p", { class: "ak-told", role: "status" });
    const own = h("label", { class: "ak-select" }, h("span", { class: "ak-name" }, "or type your own, in English"), typed);
    function submit() {
      const n = tokenise(typed.value).length;
      if (n > 0 && n <= LONGEST) take(typed.value);
      else told.textContent = n === 0 ? "Type a sentence of one or more words." : `The translator takes ${LONGEST} words at most; your sentence has ${n}.`;
    }

    const step = slider({ label: "step", min: 1, max: 1, step: 1, kind: "ak-query", show: (x) => `${x} of ${found.steps.length}`, change: (x) => go(x - 1) });
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
        const link = gold.links.find((one) => one.row === row && one.column === column);
        return `step ${row + 1}, “${found.steps[row].word}”, and “${nameOf(found.words[column])}”: weight ${format(values()[row][column])}${link ? `, a ${link.kind} link` : ""}`;
      },
    });
    const note = h("p", { class: "ak-label" });
    const details = numbers();
    const values = () => found.steps.map(({ weights }, i) => (i === now.at ? now.used : weights));
    const part = (name, ...children) => h("div", { class: "ak-part" }, h("p", { class: "ak-part-name" }, name), ...children);

    const full = h("div");
    lay(full, "stack", {
      sentence: [listed.element, own, button("Translate", submit), told],
      steps: [step.element, h("div", { class: "ak-buttons" }, button("Step back", () => go(now.at - 1)), button("Next step", () => go(now.at + 1)))],
      parts: [
        part("Written so far", written),
        part("Scores become weights", look.element),
        part("Weights mix the context", context.element),
        part("The context leads to the next word", next.element, before),
        part("Change one weight; the others are scaled so that all still sum to 1", h("div", { class: "ak-steps" }, words, weight.element, button("Back to the model's weights", clear))),
      ],
      picture: [map.element],
      below: [note, details.element],
    });
    frame.replaceWith(full.firstChild);

    const stop = watch(model, NAMES, () => {
      const state = read(model, NAMES);
      if (state.text !== text) {
        found = translated(translator, state.text);
        text = state.text;
        typed.value = text;
        listed.update(state.sentences.includes(text) ? text : "");
        const strange = found.words.filter(({ known }) => !known).map(({ word }) => `“${word}”`);
        told.textContent = strange.length ? `Not in the vocabulary, marked (?), and read as <unk>: ${[...new Set(strange)].join(", ")}.` : "";
        step.input.max = found.steps.length;
        word = select({ label: "source word", options: found.words.map((one, j) => [j, `${j + 1}: ${nameOf(one)}`]), change: chooseWord });
        words.replaceChildren(word.element);
      }
      now = present(translator, found, state);
      gold = goldOf(state, found);
      step.update(now.at + 1);
      word.update(now.chosen);
      weight.update(now.used[now.chosen]);
      weight.input.disabled = found.words.length === 1;
      written.replaceChildren(...found.steps.slice(0, now.at).map((one) => `${one.word} `), h("strong", {}, now.next[0][0]));
      look.update(found.words, now);
      context.update(now.context);
      next.update({ label: `The next word: ${now.next.map(([name, chance]) => `${name} ${format(chance, 2)}`).join(", ")}.`, names: now.next.map(([name]) => name), values: now.next.map(([, chance]) => chance) });
      const first = probabilities(now.own.logits)[now.own.id];
      before.textContent = state.weight === null ? "" : `By the model's own weights it is “${now.own.word}” (${format(first, 2)}); now that word has ${format(now.chance, 2)}.`;
      const marks = [{ kind: "row", row: now.at }, ...gold.links];
      map.update({ values: values(), rows: found.steps.map((one) => one.word), columns: found.words.map(nameOf), largest: 1, marks, label: sentence(found, now, state) });
      note.textContent = gold.note;
      details.update(tableOf(found, now));
    });
    end = () => {
      stop();
      map.end();
    };
  }

  return () => {
    waiting.end();
    end();
  };
}

export default { render };
