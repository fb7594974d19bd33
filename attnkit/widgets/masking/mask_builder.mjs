// A mask, by rule or cell by cell, and what it makes of the scores: masked scores, and then weights.

import { causalMask, slidingWindowMask, softmax } from "../frame/maths.mjs";
import { format, h, heatmap, lay, numbers, put, read, select, slider, watch } from "../frame/dom.mjs";

const NAMES = ["tokens", "scores", "rule", "length", "width", "cells", "added"];
const RULES = [
  ["none", "none: all may see all"],
  ["causal", "causal: itself and what came before"],
  ["padding", "padding: words only"],
  ["both", "causal and padding"],
  ["window", "sliding window"],
  ["inverted", "inverted: what causal forbids"],
  ["own", "one of your own"],
];
const ADDED = { "−∞": -Infinity, "−10": -10, "−1": -1 };

function maskOf({ tokens, rule, length, width, cells }) {
  const positions = tokens.map((_, i) => i);
  const causal = causalMask(positions);
  const each = (look) => tokens.map((_, i) => tokens.map((__, j) => look(i, j)));
  const masks = {
    none: () => each(() => true),
    causal: () => causal,
    padding: () => each((_, j) => j < length),
    both: () => each((i, j) => causal[i][j] && j < length),
    window: () => slidingWindowMask(positions, positions, width),
    inverted: () => each((i, j) => !causal[i][j]),
    own: () => each((i, j) => cells[i][j] === 1),
  };
  return masks[rule]();
}

function compute(state) {
  const mask = maskOf(state);
  const masked = state.scores.map((row, i) => row.map((score, j) => (mask[i][j] ? score : score + ADDED[state.added])));
  const weights = masked.map((row) => softmax(row, row.map((score) => score > -Infinity)));
  return { mask, masked, weights };
}

const total = (row) => row.reduce((a, b) => a + b, 0);

function tableOf({ tokens, scores }, { masked, weights }) {
  const stage = (name, matrix) => matrix.map((row, i) => [`${name}, ${tokens[i]}`, ...row, name === "weight" ? total(row) : null]);
  return {
    caption: "Scores, masked scores and weights: a row for each query",
    columns: ["", ...tokens, "sum"],
    rows: [...stage("score", scores), ...stage("masked", masked), ...stage("weight", weights)],
  };
}

export function table(state) {
  return tableOf(state, compute(state));
}

function sentence({ tokens, added }, { mask, weights }) {
  const count = (look) => total(mask.map((row, i) => row.filter((open, j) => look(open, i, j)).length));
  const [open, later] = [count((may) => may), count((may, i, j) => may && j > i)];
  const told = [`${open} of ${tokens.length ** 2} places are open, and ${later || "none"} of them ${later > 1 ? "look" : "looks"} into the future.`];
  if (added !== "−∞" && open < tokens.length ** 2) {
    const share = total(weights.map((row, i) => total(row.filter((_, j) => !mask[i][j])))) / tokens.length;
    told.push(`Closed places still get ${format(100 * share, 1)}% of the weight.`);
  }
  const empty = tokens.filter((_, i) => !mask[i].includes(true)).map((word) => `“${word}”`);
  if (empty.length) told.push(`${empty.join(", ")} may attend to nothing: ${added === "−∞" ? "its weights are 0" : `${added} throughout changes no weight`}.`);
  return told.join(" ");
}

/** A button for each place; the arrow keys lead from one to the next. */
function board(tokens, flip) {
  const cells = tokens.map((query, i) =>
    tokens.map((key, j) =>
      h("button", { type: "button", class: "ak-square", tabindex: -1, onclick: () => flip(i, j), onfocus: () => enter(i, j), onkeydown: (event) => walk(event, i, j) }),
    ),
  );
  const head = (word, kind) => h("span", { class: `ak-place-name ${kind}` }, word);
  const element = h(
    "div",
    { class: "ak-board", role: "group", "aria-label": "The mask: who may attend to whom. The arrow keys lead from place to place.", style: `--ak-places: ${tokens.length}` },
    h("span", {}),
    ...tokens.map((word) => head(word, "ak-key")),
    ...tokens.flatMap((word, i) => [head(word, "ak-query"), ...cells[i]]),
  );
  let [row, column] = [0, 0];
  cells[0][0].tabIndex = 0;
  function enter(i, j) {
    cells[row][column].tabIndex = -1;
    [row, column] = [i, j];
    cells[i][j].tabIndex = 0;
  }
  function walk(event, i, j) {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    cells[i + step[0]]?.[j + step[1]]?.focus();
  }
  return {
    element,
    update(mask) {
      mask.forEach((line, i) =>
        line.forEach((open, j) => {
          cells[i][j].textContent = open ? "✓" : "–";
          cells[i][j].setAttribute("aria-pressed", open);
          cells[i][j].setAttribute("aria-label", `“${tokens[i]}” may attend to “${tokens[j]}”`);
        }),
      );
    },
  };
}

function render({ model, el }) {
  const { tokens } = read(model, NAMES);
  const n = tokens.length;
  let now = null;

  const rule = select({ label: "mask", options: RULES, change: (value) => put(model, "rule", value) });
  const added = select({ label: "added to a forbidden score", options: Object.keys(ADDED).map((one) => [one, one]), change: (value) => put(model, "added", value) });
  const length = slider({ label: "words before the padding", min: 1, max: n, step: 1, kind: "ak-key", show: (x) => format(x, 0), change: (x) => put(model, "length", x) });
  const width = slider({ label: "keys in the window", min: 1, max: n, step: 1, kind: "ak-key", show: (x) => format(x, 0), change: (x) => put(model, "width", x) });
  const further = h("div"); // the slider that this rule listens to
  const places = board(tokens, (i, j) => {
    const cells = now.mask.map((row) => row.map(Number));
    cells[i][j] = 1 - cells[i][j];
    model.set("cells", cells);
    put(model, "rule", "own");
  });
  const told = h("p", { role: "status" });
  const map = (name, values) =>
    heatmap({ name, describe: (row, column) => `${name}: query “${tokens[row]}”, key “${tokens[column]}”: ${format(values()[row][column])}` });
  const maps = {
    Scores: map("Scores", () => model.get("scores")),
    "Masked scores": map("Masked scores", () => now.masked),
    Weights: map("Weights", () => now.weights),
  };
  const details = numbers();

  const stage = (name, ...children) => h("div", { class: "ak-part" }, h("p", { class: "ak-part-name" }, name), ...children);

  lay(el, "stack", {
    controls: [rule.element, added.element, further],
    below: [
      told,
      h(
        "div",
        { class: "ak-maps" },
        stage("Scores", maps.Scores.element),
        stage("Mask", places.element, h("p", { class: "ak-label" }, "✓ may attend, – may not. Press a place to change it.")),
        stage("Masked scores", maps["Masked scores"].element),
        stage("Weights", maps.Weights.element),
      ),
      details.element,
    ],
  });

  const stop = watch(model, NAMES, () => {
    const state = read(model, NAMES);
    now = compute(state);
    rule.update(state.rule);
    added.update(state.added);
    const wanted = { padding: length, both: length, window: width }[state.rule];
    if (further.firstChild !== (wanted?.element ?? null)) further.replaceChildren(...(wanted ? [wanted.element] : []));
    length.update(state.length);
    width.update(state.width);
    places.update(now.mask);
    const words = sentence(state, now);
    if (told.textContent !== words) told.textContent = words;
    const names = { rows: tokens.map((word) => `${word} `), columns: tokens }; // room for a wide letter; a picture drops the space
    const largest = Math.max(...state.scores.flat().map(Math.abs)) || 1;
    maps.Scores.update({ values: state.scores, largest, label: "Scores before the mask: queries in rows, keys in columns.", ...names });
    maps["Masked scores"].update({ values: now.masked, largest, label: `Scores with the mask over them. ${words}`, ...names });
    maps.Weights.update({ values: now.weights, largest: 1, label: `Weights: softmax of each row of the masked scores. ${words}`, ...names });
    details.update(tableOf(state, now));
  });
  return () => {
    stop();
    Object.values(maps).forEach((one) => one.end());
  };
}

export default { render };
