// The trained encoder's attention of a sentence to itself: where each word looks, in each layer and head.

import { format, h, heatmap, numbers, put, read, select, watch } from "../frame/dom.mjs";
import { lookUp, tokenise } from "../frame/checkpoint.mjs";
import { nameOf, picker, strangersIn } from "../frame/sentence.mjs";
import { Transformer } from "../frame/transformer.mjs";
import { whenArrived } from "../frame/weights.mjs";

const NAMES = ["sentences", "text", "word", "layer", "head"];

/** The words of a sentence, and the weights of every layer and head, [layer][head][asks][is looked at]. */
function look(translator, text) {
  const words = lookUp(translator.source, tokenise(text));
  const { blocks } = translator.encode(words.map(({ id }) => id));
  return { words, maps: blocks.map(({ weights }) => weights.map((rows) => rows.map((row) => Array.from(row)))) };
}

/** The offset on which most of the weight lies, and which share of the whole weight that is; a tie goes to the nearer. */
function bestOffset(weights) {
  const n = weights.length;
  const offsets = Array.from({ length: 2 * n - 1 }, (_, i) => i + 1 - n).sort((a, b) => Math.abs(a) - Math.abs(b) || a - b);
  const shares = offsets.map((offset) => weights.reduce((sum, row, i) => sum + (row[i + offset] ?? 0), 0) / n);
  const best = shares.indexOf(Math.max(...shares));
  return { offset: offsets[best], share: shares[best] };
}

function toldOffset(offset) {
  if (offset === 0) return "on the word itself";
  return `${Math.abs(offset)} word${Math.abs(offset) > 1 ? "s" : ""} to the ${offset < 0 ? "left" : "right"}`;
}

function chosen({ words, maps }, { word, layer, head }) {
  const at = { word: Math.min(word, words.length - 1), layer: Math.min(layer, maps.length - 1), head: Math.min(head, maps[0].length - 1) };
  const map = maps[at.layer][at.head];
  return { ...at, map, row: map[at.word], ...bestOffset(map) };
}

function tableOf({ words, maps }, { word, layer, head, map, offset }) {
  const names = words.map(nameOf);
  return {
    caption: `Weights of “${words[word].word}” in every head, and of all words in layer ${layer}, head ${head}`,
    columns: ["", ...names, "most weight", "weight there"],
    rows: [
      ...maps.flatMap((heads, i) =>
        heads.map((weights, j) => {
          const best = bestOffset(weights);
          return [`“${words[word].word}”, layer ${i}, head ${j}`, ...weights[word], toldOffset(best.offset), best.share];
        }),
      ),
      ...map.map((row, i) => [`${i + 1}: ${names[i]}`, ...row, toldOffset(offset), row[i + offset] ?? null]),
    ],
  };
}

export function table(state, translator) {
  const found = look(translator, state.text);
  return tableOf(found, chosen(found, state));
}

function sentence({ words }, { word, layer, head, row, offset, share }) {
  const best = row.indexOf(Math.max(...row));
  const all = words.map((one) => one.word);
  return `“${all[word]}” in “${all.join(" ")}”, layer ${layer}, head ${head}: most weight on “${all[best]}” (${format(row[best], 2)}). The whole head puts ${format(share, 2)} of its weight ${toldOffset(offset)}.`;
}

function show(model, translator) {
  let [found, text, now] = [null, null, null];
  const { layers, heads } = translator.config;
  const numbered = (count) => Array.from({ length: count }, (_, i) => [i, `${i}`]);
  const choose = (name) => (value) => put(model, name, Number(value));

  function take(wanted) {
    const before = found.words[now.word].word;
    const next = tokenise(wanted).indexOf(before);
    put(model, "word", Math.max(0, next)); // the same word in another sentence, where it stands there
    put(model, "text", wanted);
  }
  const chooser = picker({ sentences: model.get("sentences"), verb: "Read it", take });

  const words = h("div", {}); // a choice of words for each sentence
  let word = null;
  const layer = select({ label: "layer", options: numbered(layers), change: choose("layer") });
  const head = select({ label: "head", options: numbered(heads), change: choose("head") });
  const said = h("p", { class: "ak-equation", "aria-live": "polite" });
  const across = heatmap({
    name: "One word, every head",
    describe(row, column) {
      const [l, k] = [Math.floor(row / heads), row % heads];
      return `layer ${l}, head ${k}: “${nameOf(found.words[now.word])}” looks at “${nameOf(found.words[column])}” with weight ${format(found.maps[l][k][now.word][column])}`;
    },
  });
  const whole = heatmap({
    name: "All words, one head",
    describe: (row, column) => `“${nameOf(found.words[row])}” looks at “${nameOf(found.words[column])}” with weight ${format(now.map[row][column])}`,
  });
  const [firstName, secondName] = [h("p", { class: "ak-part-name" }), h("p", { class: "ak-part-name" })];
  const details = numbers();

  const stop = watch(model, NAMES, () => {
    const state = read(model, NAMES);
    if (state.text !== text) {
      found = look(translator, state.text);
      text = state.text;
      chooser.update(text, strangersIn(found.words));
      word = select({ label: "word that asks", options: found.words.map((one, i) => [i, `${i + 1}: ${nameOf(one)}`]), change: choose("word") });
      words.replaceChildren(word.element);
    }
    now = chosen(found, state);
    word.update(now.word);
    layer.update(now.layer);
    head.update(now.head);
    const names = found.words.map(nameOf);
    said.textContent = sentence(found, now);
    firstName.textContent = `Where “${names[now.word]}” looks, in every head (layer · head)`;
    secondName.textContent = `Where all words look, in layer ${now.layer}, head ${now.head}`;
    const rows = found.maps.flatMap((each, l) => each.map((_, k) => `${l} · ${k}`));
    across.update({ values: found.maps.flatMap((each) => each.map((map) => map[now.word])), rows, columns: names, largest: 1, marks: [{ kind: "row", row: now.layer * heads + now.head }], label: `${firstName.textContent}. ${sentence(found, now)}` });
    whole.update({ values: now.map, rows: names, columns: names, largest: 1, marks: [{ kind: "row", row: now.word }], label: `${secondName.textContent}. ${sentence(found, now)}` });
    details.update(tableOf(found, now));
  });
  return {
    parts: {
      sentence: chooser.elements,
      steps: [words, layer.element, head.element],
      picture: [said, firstName, across.element, secondName, whole.element],
      below: [details.element],
    },
    end() {
      stop();
      across.end();
      whole.end();
    },
  };
}

const render = ({ model, el }) => whenArrived({ model, el, names: ["transformer"], architectures: [Transformer], show });

export default { render };
