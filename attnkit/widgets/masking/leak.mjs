// Two translators, one trained with a causal mask and one without: what they know with a teacher, what they write.

import { BOS, EOS, lookUp, tokenise } from "../frame/checkpoint.mjs";
import { bars, format, h, heatmap, numbers, put, read, results, select, watch } from "../frame/dom.mjs";
import { softmax } from "../frame/maths.mjs";
import { barsOf, picker, strangersIn } from "../frame/sentence.mjs";
import { Transformer } from "../frame/transformer.mjs";
import { whenArrived } from "../frame/weights.mjs";

const NAMES = ["examples", "sentence", "block"];
const COLUMNS = ["causal mask", "no mask"];

const mean = (numbers) => numbers.reduce((a, b) => a + b, 0) / numbers.length;

/** What one translator makes of a sentence; without a reference it takes what it writes itself. */
function readingOf(translator, words, reference) {
  const { words: translation, ended, memory } = translator.translate(words);
  const right = lookUp(translator.target, reference ?? translation).map(({ id }) => id);
  const { logits, blocks } = translator.decode([BOS, ...right], translator.start(memory), memory);
  const chances = [...right, EOS].map((id, i) => softmax(Array.from(logits[i]))[id]);
  const looks = blocks.map(({ self: { weights } }) => weights[0].map((row, i) => Array.from(row, (_, j) => mean(weights.map((head) => head[i][j])))));
  return { chances, loss: -mean(chances.map(Math.log)), translation, ended, looks };
}

function computed({ examples, sentence }, both) {
  const words = tokenise(sentence);
  const known = examples.find(([english]) => english.split(" ").join() === words.join());
  const first = readingOf(both[0], words, known?.[1].split(" "));
  const reference = known ? known[1].split(" ") : first.translation;
  return { source: lookUp(both[0].source, words), known: Boolean(known), reference, readings: [first, readingOf(both[1], words, reference)] };
}

/** The mean weight on the place that follows, for each block: on the word that is to be written. */
function toTheRight({ looks }) {
  return looks.map((rows) => (rows.length > 1 ? mean(rows.slice(0, -1).map((row, i) => row[i + 1])) : 0));
}

function tableOf({ reference, readings }) {
  const [masked, leaking] = readings;
  const further = readings.map(toTheRight);
  const most = Math.max(...readings.map(({ translation }) => translation.length));
  return {
    caption: "The right words' probabilities with a teacher, and what is written",
    columns: ["", ...COLUMNS],
    rows: [
      ...[...reference, "<eos>"].map((word, i) => [`${i + 1}: ${word}`, masked.chances[i], leaking.chances[i]]),
      ["loss", masked.loss, leaking.loss],
      ...further[0].map((_, l) => [`weight on the next place, block ${l}`, further[0][l], further[1][l]]),
      ...Array.from({ length: most }, (_, i) => [`writes, ${i + 1}`, ...readings.map(({ translation }) => translation[i] ?? null)]),
    ],
  };
}

export function table(state, ...both) {
  return tableOf(computed(state, both));
}

/** One translator's side: its loss, what it writes, and how likely it finds each right word. */
function side(title) {
  const loss = results(["loss, with a teacher"]);
  const said = h("p", { class: "ak-words", lang: "es" });
  const verdict = h("p", {});
  const chances = bars("ak-output");
  return {
    element: h("div", { class: "ak-side" }, h("p", {}, h("strong", {}, title)), loss.element, h("p", { class: "ak-name" }, "writes by itself"), said, verdict, h("p", { class: "ak-name" }, "probability of the right word, with a teacher"), chances.element),
    update({ reference, known }, { loss: now, translation, ended, chances: found }) {
      loss.update([format(now, 4)]);
      said.textContent = `${translation.join(" ") || "—"}${ended ? "" : " … (cut here)"}`;
      verdict.textContent = !known ? "" : translation.join(" ") === reference.join(" ") ? "✓ the right translation" : "✗ not the right translation";
      const names = [...reference, "<eos>"];
      chances.update(barsOf("With a teacher", names.map((word, i) => [word, found[i]])));
    },
  };
}

function show(model, ...both) {
  let [found, sentence] = [null, null];
  const chooser = picker({ sentences: model.get("examples").map(([english]) => english), verb: "Compare", take: (text) => put(model, "sentence", text) });
  const layers = both[1].config.layers;
  const at = () => Math.min(model.get("block"), layers - 1);
  const block = select({ label: "block of the decoder", options: Array.from({ length: layers }, (_, l) => [l, `${l}`]), change: (value) => put(model, "block", Number(value)) });
  const wanted = h("p", { lang: "es" });
  const sides = COLUMNS.map(side);
  const map = heatmap({
    name: "Where the decoder without a mask looks",
    describe(row, column) {
      const places = ["<bos>", ...found.reference];
      const weight = format(found.readings[1].looks[at()][row][column]);
      const next = column === row + 1 ? ", the word that it has to write" : "";
      return `at “${places[row]}” it looks at “${places[column]}”${next}: weight ${weight}`;
    },
  });
  const details = numbers();
  const stop = watch(model, NAMES, () => {
    const state = read(model, NAMES);
    if (sentence !== state.sentence) {
      found = computed(state, both);
      sentence = state.sentence;
      const untold = found.known ? "" : "No translation is stored for this sentence, so the teacher reads out what the masked translator writes.";
      chooser.update(sentence, `${strangersIn(found.source)} ${untold}`.trim());
      wanted.textContent = `${found.known ? "Right" : "The teacher's"} translation: ${found.reference.join(" ") || "—"}`;
      sides.forEach((one, i) => one.update(found, found.readings[i]));
    }
    block.update(at());
    const places = ["<bos>", ...found.reference];
    const marks = found.reference.map((_, row) => ({ kind: "sure", row, column: row + 1 }));
    map.update({ values: found.readings[1].looks[at()], rows: places, columns: places, largest: 1, marks, label: `Where block ${at()} of the decoder without a mask looks: a row for each place. ${format(toTheRight(found.readings[1])[at()], 2)} of its weight lies on the next place, the word that it has to write.` });
    details.update(tableOf(found));
  });
  return {
    parts: {
      sentence: chooser.elements,
      reading: [wanted, h("div", { class: "ak-sides" }, ...sides.map(({ element }) => element))],
      controls: [block.element],
      picture: [h("p", { class: "ak-name" }, "Where the decoder without a mask looks, with a teacher; □ the word that it has to write"), map.element],
      below: [details.element],
    },
    end() {
      stop();
      map.end();
    },
  };
}

const render = ({ model, el }) => whenArrived({ model, el, names: ["transformer", "transformer-mask-none"], architectures: [Transformer], show });

export default { render };
