// What the widgets share that read a sentence: the field for it, its words, and what is to be said of a translation.

import { button, format, h, select, slider } from "../frame/dom.mjs";
import { BOS, lookUp, tokenise } from "../frame/checkpoint.mjs";

const LONGEST = 60;
const MOST_LIKELY = 5;

/* The sentence that is typed */

/** A word as the reader sees it: one that the model does not know is marked. */
export const nameOf = ({ word, known }) => (known ? word : `${word} (?)`);

/** A sentence about the words that a model does not know, or "". */
export function strangersIn(words) {
  const strange = new Set(words.filter(({ known }) => !known).map(({ word }) => `“${word}”`));
  return strange.size === 0 ? "" : `Not in the vocabulary (?), and read as <unk>: ${[...strange].join(", ")}.`;
}

/** What is wrong with a sentence that was typed, or "". */
export function complaintOn(text, fewest = 1) {
  const n = tokenise(text).length;
  if (n < fewest) return "Type a sentence of one or more words.";
  return n > LONGEST ? `A sentence here has ${LONGEST} words at most; yours has ${n}.` : "";
}

/**
 * A list of sentences, a field for one's own, and a line that says what is wrong with it.
 * `take` gets the sentence: of the list, or typed, at the button that `verb` names or else at each event `on`.
 */
export function picker({ label = "sentence", sentences, named = (text) => text, verb = "", on = "", fewest = 1, take }) {
  const options = [...sentences.map((text, i) => [i, named(text)]), ["", "one of your own"]];
  const listed = select({ label, options, change: (i) => (i === "" ? typed.focus() : take(sentences[i])) });
  const typed = h("input", { type: "text", class: "ak-typed", autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
  const own = h("label", { class: "ak-select" }, h("span", { class: "ak-name" }, "or type your own, in English"), typed);
  const told = h("p", { class: "ak-told", role: "status" });
  let noted = "";
  if (verb) typed.addEventListener("keydown", (event) => event.key === "Enter" && submit());
  else typed.addEventListener(on, submit);

  function submit() {
    const complaint = complaintOn(typed.value, fewest);
    say(complaint || noted, complaint !== "");
    if (complaint === "") take(typed.value);
  }

  function say(words, wrong) {
    if (told.textContent !== words) told.textContent = words; // else it would be read out anew
    typed.setAttribute("aria-invalid", wrong);
  }

  return {
    elements: [listed.element, own, ...(verb ? [button(verb, submit)] : []), told],
    /** Show the present sentence; `note` is what there is to say about it. */
    update(text, note = "") {
      noted = note;
      const place = sentences.indexOf(text);
      listed.update(place < 0 ? "" : place);
      // What only looks different stays as it was typed, so that the caret does not jump.
      if (tokenise(typed.value).join(" ") !== tokenise(text).join(" ")) typed.value = text;
      say(note, false);
    },
  };
}

/* The steps of a translation */

/** A part of a widget under its name. */
export const partOf = (name, ...children) => h("div", { class: "ak-part" }, h("p", { class: "ak-part-name" }, name), ...children);

/**
 * A typed sentence in words, and what a translator makes of it.
 * `written` are the words of all steps, `<eos>` too; `read` are those that the decoder has read before each.
 */
export function translated(translator, text) {
  const words = lookUp(translator.source, tokenise(text));
  const { steps, memory, ended } = translator.translate(words.map(({ word }) => word));
  const written = steps.map(({ word }) => word);
  return { words, steps, memory, ended, written, read: [translator.target.words[BOS], ...written.slice(0, -1)] };
}

/** A slider over the steps, and buttons for one back and one on; `go` gets the step, from 0. */
export function stepper(kind, go) {
  let [at, count] = [0, 1];
  const move = (to) => go(Math.max(0, Math.min(count - 1, to)));
  const step = slider({ label: "step", min: 1, max: 1, step: 1, kind, show: (x) => `${x} of ${count}`, change: (x) => move(x - 1) });
  return {
    elements: [step.element, h("div", { class: "ak-buttons" }, button("Step back", () => move(at - 1)), button("Next step", () => move(at + 1)))],
    update(now, steps) {
      [at, count] = [now, steps];
      step.input.max = count;
      step.update(at + 1);
    },
  };
}

/** The numbers of the likeliest words, the likeliest first; <pad> and <bos> are no words. */
export function topOf(chances) {
  return [...chances.keys()].filter((id) => id > BOS).sort((a, b) => chances[b] - chances[a]).slice(0, MOST_LIKELY);
}

/** Words with their numbers, as `bars` take them. */
export function barsOf(name, pairs) {
  const label = `${name}: ${pairs.map(([word, value]) => `${word} ${format(value, 2)}`).join(", ")}.`;
  return { label, names: pairs.map(([word]) => word), values: pairs.map(([, value]) => value) };
}

/** The weights of one head of a Transformer, or with −1 the mean of all, and the words at their sides. */
export function looksOf({ words, memory, steps, written, read }, { part, layer, head }) {
  const chosen = (rows) => (head < 0 ? rows[0].map((_, j) => rows.reduce((sum, row) => sum + row[j], 0) / rows.length) : Array.from(rows[head]));
  const source = words.map(nameOf);
  if (part === "encoder") {
    const { weights } = memory.blocks[layer];
    return { values: source.map((_, i) => chosen(weights.map((rows) => rows[i]))), rows: source, columns: source };
  }
  const rows = steps.map((step) => chosen(step[part][layer].weights));
  if (part === "cross") return { values: rows, rows: written, columns: source };
  return { values: rows.map((row) => read.map((_, j) => row[j] ?? 0)), rows: read, columns: read };
}

/* What should have been written */

/** The gold links whose target word stands at the same place in what a model wrote, and what to say about them. */
export function goldOf(gold, written) {
  if (gold === null) return { links: [], note: "No gold alignment is stored for this sentence." };
  const same = (i) => written[i] === gold.target[i];
  const links = ["sure", "possible"].flatMap((kind) => gold[kind].filter(([i]) => same(i)).map(([row, column]) => ({ kind, row, column })));
  const whole = written.length === gold.target.length + 1 && gold.target.every((_, i) => same(i));
  const other = whole ? "" : ` The gold translation is “${gold.target.join(" ")}”; only words that stand at the same place have links.`;
  return { links, note: `Gold alignment: □ a sure link, ○ a possible one.${other}` };
}

/** What a cell's description says of its link, if it has one. */
export function linkAt(links, row, column) {
  const link = links.find((one) => one.row === row && one.column === column);
  return link ? `, a ${link.kind} link` : "";
}

/** Which words stand in the reference in the same order, as many of them as can; all without a reference. */
export function marksOf(words, wanted) {
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

/** How many words of the reference are there, in words. */
export const shareOf = (words, wanted) => `${marksOf(words, wanted).filter(Boolean).length} of ${wanted.length}`;

/** Words for a paragraph, those marked that do not stand in the reference. */
export function markedWords(words, wanted) {
  const marks = marksOf(words, wanted);
  return words.flatMap((word, i) => [marks[i] ? word : h("mark", { class: "ak-wrong" }, word, h("span", { class: "ak-unseen" }, " (not in the reference)")), " "]);
}

/** How near a translation comes to the reference, what else there is to remark, and whether it was cut. */
export function verdictOn({ words, ended }, wanted, remark = "") {
  const near = wanted === null ? "" : words.join(" ") === wanted.join(" ") ? "Exactly the reference." : `${shareOf(words, wanted)} words of the reference.`;
  return [near, remark, ended ? "" : "It finds no end and is cut."].filter(Boolean).join(" ");
}
