// A language model writes: step by step, with its cache, with temperature, top-k and top-p, and with a seeded draw.

import { BOS, EOS, lookUp, tokenise } from "../frame/checkpoint.mjs";
import { format, h, heatmap, numbers, put, read, results, slider, watch } from "../frame/dom.mjs";
import { nameOf, partOf, picker, stepper, strangersIn } from "../frame/sentence.mjs";
import { LanguageModel, nextWordProbabilities } from "../frame/transformer.mjs";
import { whenArrived } from "../frame/weights.mjs";

const NAMES = ["prompts", "prompt", "step", "temperature", "top_k", "top_p", "seed"];
const LIMIT = 30;
const TOP = 8;
const MOST_K = 20;
const MOST_SEED = 99;
const [MULTIPLIER, MODULUS] = [48271, 2 ** 31 - 1]; // of Park and Miller; all products stay below 2 ** 53

/** Numbers from 0 to 1: x ← 48271 x mod 2³¹ − 1, from x = 1 + seed; the first three are left out. */
function drawsFrom(seed) {
  let x = 1 + seed;
  const next = () => (x = (MULTIPLIER * x) % MODULUS) / MODULUS;
  for (let i = 0; i < 3; i++) next();
  return next;
}

/** The first place whose running sum exceeds the draw; the last one that is left, should rounding miss it. */
function taken(left, draw) {
  let [sum, last] = [0, 0];
  for (let id = 0; id < left.length; id++) {
    sum += left[id];
    if (left[id] > 0) last = id;
    if (sum > draw) return id;
  }
  return last;
}

const mean = (rows) => rows[0].map((_, j) => rows.reduce((sum, row) => sum + row[j], 0) / rows.length);

/** The prompt in words, and every step until `<eos>` or the limit. */
function written(model, { prompt, temperature, top_k: k, top_p: topP, seed }) {
  const begun = lookUp(model.target, tokenise(prompt));
  const next = drawsFrom(seed);
  const steps = [];
  let [state, ids] = [model.start(), [BOS, ...begun.map(({ id }) => id)]];
  while (steps.length < LIMIT && steps[steps.length - 1]?.id !== EOS) {
    const now = model.decode(ids, state);
    const logits = now.logits[ids.length - 1];
    const chances = nextWordProbabilities(logits, { temperature });
    const left = k === null && topP === 1 ? chances : nextWordProbabilities(logits, { temperature, topK: k ?? Infinity, topP });
    const looks = now.blocks.map(({ self }) => mean(self.weights.map((rows) => rows[ids.length - 1])));
    const draw = next();
    const id = taken(left, draw);
    steps.push({ draw, id, word: model.target.words[id], chances, left, looks });
    [state, ids] = [now.state, [id]];
  }
  return { begun, steps };
}

const count = (left) => left.filter((chance) => chance > 0).length;

/** The present step: the words in the cache, how many of them are new, and the likeliest next words. */
function present(model, { begun, steps }, { step, top_k: k }) {
  const at = Math.min(step, steps.length - 1);
  const now = steps[at];
  const cache = ["<bos>", ...begun.map(nameOf), ...steps.slice(0, at).map(({ word }) => word)];
  const order = [...now.chances.keys()].sort((a, b) => now.chances[b] - now.chances[a]).slice(0, TOP);
  const next = order.map((id, rank) => {
    const cut = now.left[id] > 0 ? "" : k !== null && rank >= k ? "top-k" : "top-p";
    return { id, word: model.target.words[id], chance: now.chances[id], left: now.left[id], cut };
  });
  const drawn = { id: now.id, word: now.word, chance: now.chances[now.id], left: now.left[now.id], cut: "" };
  return { at, now, cache, fresh: at === 0 ? cache.length : 1, next, drawn };
}

function tableOf({ steps }, { at, now, cache, next }) {
  return {
    caption: `Each step's draw; and step ${at + 1} in detail`,
    columns: ["", "draw", "probability", "after the cuts", "words left", "weight"],
    rows: [
      ...steps.map(({ draw, id, word, chances, left }, i) => [`${i + 1}: ${word}`, draw, chances[id], left[id], `${count(left)}`, null]),
      ...next.map(({ word, chance, left }) => [`next: ${word}`, null, chance, left, null, null]),
      ...now.looks.flatMap((row, l) => row.map((weight, j) => [`block ${l} looks at ${j + 1}: ${cache[j]}`, null, null, null, null, weight])),
    ],
  };
}

export function table(state, model) {
  const found = written(model, state);
  return tableOf(found, present(model, found, state));
}

/** The likeliest next words: a bar before the cuts, and beside it what is left of it after them. */
function candidates() {
  const element = h("div", { class: "ak-bars ak-draws ak-output", role: "img" });
  return {
    element,
    update({ next: likeliest, now, drawn }) {
      const next = likeliest.some(({ id }) => id === now.id) ? likeliest : [...likeliest, drawn];
      const said = ({ word, chance, left, cut }) => `${word} ${format(chance, 2)}, ${cut ? `cut by ${cut}` : `then ${format(left, 2)}`}`;
      element.setAttribute("aria-label", `The likeliest next words, before and after the cuts: ${next.map(said).join("; ")}.`);
      element.replaceChildren(
        ...["", "probability", "", "after the cuts"].map((head) => h("span", { class: "ak-name" }, head)),
        ...next.flatMap(({ id, word, chance, left, cut }) => [
          h("span", { class: "ak-bar-name" }, cut ? h("s", {}, word) : id === now.id ? h("strong", {}, word) : word),
          h("span", { class: cut ? "ak-bar ak-cut" : "ak-bar" }, h("span", { style: `width: ${100 * chance}%` })),
          h("span", { class: "ak-bar-value" }, format(chance)),
          h("span", { class: "ak-bar-value" }, cut ? `✗ ${cut}` : format(left)),
        ]),
      );
    },
  };
}

function show(model, writer) {
  let [found, key, now] = [null, "", null];
  const take = (text) => {
    put(model, "step", 0);
    put(model, "prompt", text);
  };
  const named = (text) => text || "(nothing: the model begins)";
  const chooser = picker({ label: "beginning", sentences: model.get("prompts"), named, verb: "Go on", fewest: 0, take });

  const knob = (name, label, min, max, step, show, kind = "") => slider({ label, min, max, step, kind, show, change: (x) => put(model, name, x) });
  const temperature = knob("temperature", "temperature", 0.1, 2, 0.05, (x) => format(x, 2));
  const topP = knob("top_p", "top-p", 0.05, 1, 0.05, (x) => (x === 1 ? "all" : format(x, 2)));
  const seed = knob("seed", "seed", 0, MOST_SEED, 1, (x) => format(x, 0));
  const kept = (x) => (x > MOST_K ? "all" : x === 1 ? "1: greedy" : format(x, 0));
  const topK = slider({ label: "top-k", min: 1, max: MOST_K + 1, step: 1, show: kept, change: (x) => put(model, "top_k", x > MOST_K ? null : x) });
  const step = stepper("ak-query", (to) => put(model, "step", to));

  const text = h("p", { class: "ak-written" });
  const stored = results(["from the cache", "computed now", "without a cache"]);
  const map = heatmap({
    name: "Where the newest word looks",
    describe(row, column) {
      const how = column >= now.cache.length - now.fresh ? "computed at this step" : "from the cache";
      return `block ${row}, “${now.cache[column]}”: weight ${format(now.now.looks[row][column])}; its key and value are ${how}`;
    },
  });
  const next = candidates();
  const draw = h("p", { class: "ak-equation" });
  const details = numbers();

  const stop = watch(model, NAMES, () => {
    const state = read(model, NAMES);
    const { step: _, ...rest } = state;
    if (key !== JSON.stringify(rest)) {
      found = written(writer, state);
      key = JSON.stringify(rest);
      chooser.update(state.prompt, found.begun.length === 0 ? "There are no words yet: the model begins from <bos> alone." : strangersIn(found.begun));
    }
    now = present(writer, found, state);
    const { at, cache, fresh } = now;
    step.update(at, found.steps.length);
    temperature.update(state.temperature);
    topK.update(state.top_k ?? MOST_K + 1);
    topP.update(state.top_p);
    seed.update(state.seed);
    const before = found.steps.slice(0, at).map(({ word }) => `${word} `);
    const after = found.steps.slice(at + 1).map(({ word }) => ` ${word}`);
    text.replaceChildren(found.begun.map((one) => `${nameOf(one)} `).join(""), h("em", {}, before.join("")), h("strong", {}, now.now.word), h("span", { class: "ak-name" }, after.join("")));
    stored.update([`${cache.length - fresh}`, `${fresh}`, `${cache.length}`]);
    const marks = now.now.looks.flatMap((_row, row) => cache.map((_word, column) => ({ kind: "sure", row, column })).slice(-fresh));
    const rows = now.now.looks.map((_row, l) => `block ${l}`);
    map.update({ values: now.now.looks, rows, columns: cache, largest: 1, marks, label: `Step ${at + 1}: where the newest word looks, a row for each block. ${cache.length - fresh} words come from the cache, ${fresh} are computed.` });
    next.update(now);
    draw.textContent = `${count(now.now.left)} words are left. Add up their shares in the order of the vocabulary: the first sum above ${format(now.now.draw)}, the number drawn, is that of “${now.now.word}”.`;
    details.update(tableOf(found, now));
  });
  return {
    parts: {
      sentence: chooser.elements,
      controls: [temperature, topK, topP, seed].map((one) => one.element),
      steps: step.elements,
      below: [
        partOf("Written so far", text),
        partOf("Keys and values", stored.element, h("p", { class: "ak-label" }, "□ a word whose key and value are computed at this step; the colour says how much weight the newest word gives it, the mean over the heads."), map.element),
        partOf("The next word", next.element, draw),
        details.element,
      ],
    },
    end() {
      stop();
      map.end();
    },
  };
}

const render = ({ model, el }) => whenArrived({ model, el, names: ["language-model"], architectures: [LanguageModel], show });

export default { render };
