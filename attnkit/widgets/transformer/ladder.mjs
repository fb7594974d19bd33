// One sentence, four translators: without attention, with Bahdanau's, with Luong's, and with attention alone.

import { format, h, heatmap, lay, numbers, put, read, watch } from "../frame/dom.mjs";
import { lookUp, tokenise } from "../frame/checkpoint.mjs";
import { goldOf, linkAt, markedWords, marksOf, nameOf, picker, shareOf, strangersIn, verdictOn } from "../frame/sentence.mjs";
import { Seq2Seq } from "../frame/seq2seq.mjs";
import { Transformer } from "../frame/transformer.mjs";
import { translators } from "../frame/weights.mjs";

const NAMES = ["sentences", "gold", "text", "parameters"];
const ABOUT = { none: "No attention", bahdanau: "Bahdanau", general: "Luong", transformer: "Transformer" };

/** The sentence in words, and what each translator makes of it. */
function compute({ sentences, gold, text }, arrived) {
  const source = lookUp(arrived[3].source, tokenise(text));
  const words = source.map(({ word }) => word);
  const rungs = Object.values(ABOUT).map((about, i) => {
    const { words: written, ended, steps } = arrived[i].translate(words);
    return { about, words: written, ended, weights: steps[0].weights && steps.slice(0, written.length).map(({ weights }) => weights) };
  });
  return { source, rungs, gold: gold[sentences.indexOf(text)] ?? null, names: source.map(nameOf) };
}

function tableOf({ rungs, gold, names }) {
  const wanted = gold?.target ?? null;
  const none = names.map(() => null);
  return {
    caption: "What each translator writes, and its weights over the English words",
    columns: ["", ...names, "in the reference"],
    rows: rungs.flatMap(({ about, words, weights }) => {
      const found = marksOf(words, wanted);
      const lines = words.map((word, i) => [`${about}: ${word}`, ...(weights?.[i] ?? none), wanted === null ? null : found[i] ? "yes" : "no"]);
      return wanted === null ? lines : [...lines, [`${about}: in all`, ...none, shareOf(words, wanted)]];
    }),
  };
}

export function table(state, ...arrived) {
  return tableOf(compute(state, arrived));
}

/** One translator: what it writes and what is to be said of it (`said`), and its map (`look`), where it has one. */
function side(about, parameters) {
  let [rung, names, links] = [null, null, null];
  const written = h("p", { class: "ak-words", lang: "es" });
  const told = h("p", { "aria-live": "polite" });
  const map = heatmap({
    name: `Weights of ${about}`,
    describe(row, column) {
      return `“${rung.words[row]}” looks at “${names[column]}”: weight ${format(rung.weights[row][column])}${linkAt(links, row, column)}`;
    },
  });
  const title = h("p", {}, h("strong", {}, about), ` · ${parameters.toLocaleString("en")} numbers learned`);
  const [look, name] = [h("div", {}), h("p", { class: "ak-part-name" }, about)];
  return {
    said: h("div", { class: "ak-side" }, title, written, told),
    look,
    end: map.end,
    update(found, now) {
      rung = found;
      ({ names } = now);
      const wanted = now.gold?.target ?? null;
      written.replaceChildren(...markedWords(rung.words, wanted));
      told.textContent = verdictOn(rung, wanted);
      const shown = Boolean(rung.weights) && rung.words.length > 0;
      if (shown !== Boolean(look.firstChild)) look.replaceChildren(...(shown ? [name, map.element] : []));
      if (!shown) return;
      ({ links } = goldOf(now.gold, rung.words));
      const best = rung.weights.map((row) => names[row.indexOf(Math.max(...row))]);
      map.update({ values: rung.weights, rows: rung.words, columns: names, largest: 1, marks: links, label: `${about}: ${rung.words.map((word, i) => `“${word}” looks most at “${best[i]}”`).join(", ")}.` });
    },
  };
}

function render({ model, el }) {
  const sides = Object.values(ABOUT).map((about, i) => side(about, model.get("parameters")[i]));
  const chooser = picker({ sentences: model.get("sentences"), verb: "Translate", take: (text) => put(model, "text", text) });
  const reference = h("p", { class: "ak-words", lang: "es" });
  const note = h("p", { class: "ak-label" }, "Where each looks as it writes a word: a row for each Spanish word, a column for each English one. Without attention there is nothing to see; of the Transformer it is the mean over the heads of its last layer. Gold alignment: □ a sure link, ○ a possible one, of words that stand where the reference has them.");
  const details = numbers();
  const [texts, maps] = [h("div", { class: "ak-sides" }), h("div", { class: "ak-rungs" })];
  const waiting = translators({ model, names: Object.keys(ABOUT), architectures: [Seq2Seq, Transformer], ready });
  let stop = () => {};
  lay(el, "stack", { sentence: chooser.elements, reading: [reference, waiting.element, texts], picture: [maps], below: [note, details.element] });
  el.firstChild.classList.add("ak-ladder");

  function ready(...arrived) {
    texts.append(...sides.map(({ said }) => said));
    maps.append(...sides.map(({ look }) => look));
    stop = watch(model, NAMES, () => {
      const state = read(model, NAMES);
      const now = compute(state, arrived);
      chooser.update(state.text, strangersIn(now.source));
      reference.replaceChildren(h("strong", {}, "Reference: "), now.gold === null ? "none is stored for this sentence, so no word is marked" : now.gold.target.join(" "));
      sides.forEach((one, i) => one.update(now.rungs[i], now));
      details.update(tableOf(now));
    });
  }

  return () => {
    waiting.end();
    stop();
    sides.forEach(({ end }) => end());
  };
}

export default { render };
