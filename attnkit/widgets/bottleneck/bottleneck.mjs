// One sentence, two translators: one hands a context vector across, the other lets its decoder look back.

import { format, h, lay, mapColour, numbers, put, read, s, select, slider, watch } from "../frame/dom.mjs";
import { lookUp, tokenise } from "../frame/checkpoint.mjs";
import { Seq2Seq } from "../frame/seq2seq.mjs";
import { translators } from "../frame/weights.mjs";

const NAMES = ["stories", "story", "rung", "own", "reference", "attention"];
const LONGEST = 60;
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

/** Which words stand in the reference in the same order, as many of them as can; all without a reference. */
function marksOf(words, wanted) {
  if (wanted === null) return words.map(() => true);
  const most = Array.from({ length: words.length + 1 }, () => Array(wanted.length + 1).fill(0)); // from here to both ends
  for (let i = words.length - 1; i >= 0; i--)
    for (let j = wanted.length - 1; j >= 0; j--) most[i][j] = words[i] === wanted[j] ? most[i + 1][j + 1] + 1 : Math.max(most[i + 1][j], most[i][j + 1]);
  const found = words.map(() => false);
  for (let i = 0, j = 0; i < words.length && j < wanted.length; ) {
    if (words[i] === wanted[j]) [found[i++], j] = [true, j + 1];
    else if (most[i + 1][j] >= most[i][j + 1]) i++;
    else j++;
  }
  return found;
}

const shareOf = (words, wanted) => `${marksOf(words, wanted).filter(Boolean).length} of ${wanted.length}`;

function verdictOn(source, wanted, { words, ended }) {
  const opens = words[0] === "no";
  const told = [];
  if (wanted !== null) told.push(words.join(" ") === wanted.join(" ") ? "Exactly the reference." : `${shareOf(words, wanted)} words of the reference.`);
  if (source[0] === "don't" || (source[0] === "do" && source[1] === "not")) told.push(opens ? "The “no” stands first." : "The “no” is gone.");
  else if (opens && wanted !== null && wanted[0] !== "no") told.push("It opens with a “no” that nobody has said.");
  if (!ended) told.push("It finds no end and is cut.");
  return told.join(" ");
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
      const marks = marksOf(words, wanted);
      said.replaceChildren(...words.flatMap((word, i) => [marks[i] ? word : h("mark", { class: "ak-wrong" }, word, h("span", { class: "ak-unseen" }, " (not in the reference)")), " "]));
      told.textContent = verdictOn(source, wanted, reading);
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
    complaint = "";
    if (words.length === 0) complaint = "Type a sentence: there is no word yet.";
    if (words.length > LONGEST) complaint = `These are ${words.length} words; a sentence here has ${LONGEST} at most.`;
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
    english.replaceChildren(h("strong", {}, "English: "), ...looked.flatMap(({ word, known }) => [known ? word : h("span", { class: "ak-unknown" }, `${word} (?)`), " "]));
    spanish.replaceChildren(h("strong", {}, "Reference: "), sentence.wanted === null ? "—" : sentence.wanted.join(" "));
    const strange = looked.filter(({ known }) => !known).map(({ word }) => `“${word}”`);
    const told = complaint ? [complaint] : [];
    if (!complaint && strange.length) told.push(`The translators have never seen ${strange.join(", ")}, and read <unk> there.`);
    if (!complaint && sentence.wanted === null) told.push("There is no reference for this sentence, so no word is marked.");
    if (note.textContent !== told.join(" ")) note.textContent = told.join(" ");
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
