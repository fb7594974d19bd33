// One sentence, two translators: one hands a context vector across, the other lets its decoder look back.

import { format, h, lay, mapColour, numbers, put, read, s, select, slider, watch } from "../frame/dom.mjs";
import { lookUp, tokenise } from "../frame/checkpoint.mjs";
import { complaintOn, markedWords, marksOf, nameOf, shareOf, strangersIn, verdictOn } from "../frame/sentence.mjs";
import { Seq2Seq } from "../frame/seq2seq.mjs";
import { translators } from "../frame/weights.mjs";

const NAMES = ["stories", "story", "rung", "own", "reference", "attention"];
const LEVELS = 12; // colours of a strip on either side of 0

function sentenceOf({ stories, story, rung, own, reference }) {
  const [english, spanish] = own === null ? stories[story][rung] : [own, reference];
  return { words: tokenise(english), wanted: spanish === null ? null : spanish.split(" ") };
}

/** What one translator makes of a sentence, and the numbers that its decoder gets. */
function readingOf(translator, source) {
  const { words, ended, memory } = translator.translate(source);
  const flat = (layers) => layers.flatMap((numbers) => [...numbers]);
  const context = [flat(memory.context.hidden), flat(memory.context.cell)];
  const states = translator.config.attention === "none" ? [] : memory.states;
  const room = 2 * context[0].length + states.length * translator.config.d_hidden;
  return { words, ended, context, states, room };
}

/** What there is to remark on a negation. */
function remarkOn(source, wanted, [first]) {
  if (source[0] === "don't" || (source[0] === "do" && source[1] === "not")) return first === "no" ? "The “no” stands first." : "The “no” is gone.";
  return first === "no" && wanted !== null && wanted[0] !== "no" ? "It opens with a “no” that nobody has said." : "";
}

function tableOf({ words, wanted }, readings) {
  const pairs = (lists) => Array.from({ length: Math.max(...lists.map((list) => list.length)) }, (_, i) => lists.map((list) => list[i] ?? null));
  const marked = readings.map((one) => marksOf(one.words, wanted).map((mark, i) => (mark ? one.words[i] : `${one.words[i]} ✗`)));
  const rows = pairs(marked).map((both, i) => [`word ${i + 1}`, ...both]);
  if (wanted !== null) rows.push(["words of the reference", ...readings.map((one) => shareOf(one.words, wanted))]);
  rows.push(["numbers that the decoder gets", ...readings.map(({ room }) => String(room))]);
  rows.push(["numbers for each word", ...readings.map(({ room }) => format(room / words.length, 1))]);
  ["hidden", "cell"].forEach((name, row) => rows.push(...pairs(readings.map(({ context }) => context[row])).map((both, i) => [`${name} ${i + 1}`, ...both])));
  return { caption: "What two decoders get, and what they write", columns: ["", "without attention", "with attention"], rows };
}

export function table(state, ...found) {
  const sentence = sentenceOf(state);
  return tableOf(sentence, found.map((translator) => readingOf(translator, sentence.words)));
}

/** Rows of numbers from −1 to 1 as colours; all cells of one colour are one path. */
function strip(tall, gap) {
  const element = s("svg", { class: "ak-cells", role: "img", style: "display: none" });
  return {
    element,
    update(rows, label) {
      element.style.display = rows.length ? "" : "none";
      if (!rows.length) return;
      const paths = new Map();
      rows.forEach((row, y) =>
        row.forEach((share, x) => {
          const level = Math.round(LEVELS * share);
          paths.set(level, `${paths.get(level) ?? ""}M${x} ${y * (tall + gap)}h1v${tall}h-1z`);
        }),
      );
      element.setAttribute("viewBox", `0 0 ${rows[0].length} ${rows.length * (tall + gap) - gap}`);
      element.setAttribute("aria-label", label);
      element.replaceChildren(...Array.from(paths, ([level, d]) => s("path", { d, style: `fill: ${mapColour(level / LEVELS)}` })));
    },
  };
}

/** One translator's side: what it writes, what is to be said of it, and what its decoder gets. */
function side(title) {
  const said = h("p", { class: "ak-words", lang: "es" });
  const told = h("p", { "aria-live": "polite" });
  const [context, kept] = [strip(5, 1), strip(2, 0)];
  const [ofContext, ofStates] = [h("p", { class: "ak-name" }), h("p", { class: "ak-name" })];
  return {
    element: h("div", { class: "ak-side" }, h("p", {}, h("strong", {}, title)), said, told, ofContext, context.element, ofStates, kept.element),
    update({ words: source, wanted }, reading) {
      const { words, context: both, states, room } = reading;
      said.replaceChildren(...markedWords(words, wanted));
      told.textContent = verdictOn(reading, wanted, remarkOn(source, wanted, words));
      const [hidden, cell] = both;
      const each = (size) => `${format(size / source.length, 1)} for each word`;
      ofContext.textContent = `Context: hidden state and cell, ${2 * hidden.length} numbers${states.length ? "" : `, ${each(room)}`}`;
      context.update([hidden, cell.map(Math.tanh)], `The context vector ${title}: ${hidden.length} numbers of the hidden state and ${cell.length} of the cell.`);
      ofStates.textContent = states.length ? `and a state for each word, ${room} numbers in all, ${each(room)}` : "";
      kept.update(states, `${states.length} states of ${hidden.length} numbers, one a word.`);
    },
  };
}

function render({ model, el }) {
  const { stories } = read(model, NAMES);
  let [found, now, complaint] = [null, null, ""];

  const story = select({
    label: "sentence",
    options: [...Object.keys(stories).map((name) => [name, name]), ["", "your own, below"]],
    change(name) {
      if (name === "") return redraw();
      model.set("own", null);
      model.set("rung", Math.min(model.get("rung"), stories[name].length - 1));
      put(model, "story", name);
    },
  });
  story.element.querySelector("option[value='']").disabled = true;
  const rung = slider({
    label: "how long",
    min: 0,
    max: 1,
    step: 1,
    show: (i) => `${tokenise(stories[model.get("story")][i][0]).length} words`,
    change(i) {
      model.set("own", null);
      put(model, "rung", i);
    },
  });
  const typed = h("input", { type: "text", maxlength: 600, autocomplete: "off", autocapitalize: "none", spellcheck: "false", lang: "en" });
  const form = h(
    "form",
    { class: "ak-own", onsubmit: submit },
    h("label", { class: "ak-select" }, h("span", { class: "ak-name" }, "or type your own, in English"), typed),
    h("button", { type: "submit", class: "ak-button" }, "Translate"),
  );
  const english = h("p", { class: "ak-words", lang: "en" });
  const spanish = h("p", { class: "ak-words", lang: "es" });
  const note = h("p", { class: "ak-label", role: "status" });
  const sides = ["without attention", "with attention"].map(side);
  const details = numbers();
  const waiting = translators({
    model,
    names: ["none", model.get("attention")],
    architectures: [Seq2Seq],
    ready(...arrived) {
      found = arrived;
      redraw();
    },
  });

  lay(el, "stack", {
    controls: [story.element, rung.element, form],
    reading: [english, spanish, note, waiting.element, h("div", { class: "ak-sides" }, ...sides.map(({ element }) => element))],
    below: [details.element],
  });

  function submit(event) {
    event.preventDefault();
    const words = tokenise(typed.value);
    complaint = complaintOn(typed.value);
    if (complaint) return redraw();
    const known = Object.values(stories).flat().find(([sentence]) => sentence === words.join(" "));
    model.set("reference", known ? known[1] : null); // where there is a kernel, it looks in the whole language
    put(model, "own", typed.value);
  }

  function redraw() {
    const state = read(model, NAMES);
    const sentence = sentenceOf(state);
    const looked = found ? lookUp(found[0].source, sentence.words) : sentence.words.map((word) => ({ word, known: true }));
    story.update(state.own === null ? state.story : "");
    rung.input.max = stories[state.story].length - 1;
    rung.update(state.rung);
    english.replaceChildren(h("strong", {}, "English: "), ...looked.flatMap(({ word, known }) => [known ? word : h("span", { class: "ak-unknown" }, nameOf({ word, known })), " "]));
    spanish.replaceChildren(h("strong", {}, "Reference: "), sentence.wanted === null ? "—" : sentence.wanted.join(" "));
    const unmarked = sentence.wanted === null ? "There is no reference for this sentence, so no word is marked." : "";
    const told = complaint || `${strangersIn(looked)} ${unmarked}`.trim();
    if (note.textContent !== told) note.textContent = told;
    if (!found) return;
    const key = sentence.words.join(" ");
    if (now?.key !== key) now = { key, readings: found.map((translator) => readingOf(translator, sentence.words)) };
    sides.forEach((one, i) => one.update(sentence, now.readings[i]));
    details.update(tableOf(sentence, now.readings));
  }

  const stop = watch(model, NAMES, () => {
    complaint = "";
    redraw();
  });
  return () => {
    stop();
    waiting.end();
  };
}

export default { render };
