// Shuffle the words of a sentence: without positions the outputs come along unchanged, with positions they do not.

import { alibiBiases, rotary, scaledDotScores, sinusoidalPositions, softmax, weightedSum } from "../frame/maths.mjs";
import { button, format, h, lay, mapColour, numbers, put, read, results, s, select, watch } from "../frame/dom.mjs";

const NAMES = ["tokens", "vectors", "positions", "order"];
const KINDS = { none: "no positions", sinusoidal: "sinusoids, added", rotary: "rotary", alibi: "ALiBi" };
const SLOPE = 0.5;
const SAME = 1e-9;
const ROW = 34;
const CELL = 18;

/** The smallest self-attention: each vector is its own query, key and value. */
function attended(vectors, positions) {
  const places = vectors.map((_, i) => i);
  let values = vectors;
  if (positions === "sinusoidal") {
    const encodings = sinusoidalPositions(places, vectors[0].length);
    values = vectors.map((vector, i) => vector.map((x, d) => x + encodings[i][d]));
  }
  const asking = positions === "rotary" ? rotary(values, places) : values;
  let scores = scaledDotScores(asking, asking);
  if (positions === "alibi") {
    const [biases] = alibiBiases(places, places, [SLOPE]);
    scores = scores.map((row, i) => row.map((score, j) => score + biases[i][j]));
  }
  return scores.map((row) => weightedSum(softmax(row), values));
}

function compute({ vectors, positions, order }) {
  const inOrder = attended(vectors, positions);
  const output = attended(order.map((i) => vectors[i]), positions);
  const changes = output.map((row, at) => Math.max(...row.map((x, d) => Math.abs(x - inOrder[order[at]][d]))));
  return { inOrder, output, changes };
}

export function table(state) {
  const { tokens, vectors, positions, order } = state;
  const { output, changes } = compute(state);
  return {
    caption: `After the shuffle, with ${KINDS[positions]}; places count from 0`,
    columns: ["", "stood at", ...vectors[0].map((_, d) => `output ${d}`), "changed by"],
    rows: order.map((i, at) => [tokens[i], i, ...output[at], changes[at]]),
  };
}

function sentence({ tokens, positions, order }, { changes }) {
  const changed = changes.filter((change) => change > SAME).length;
  const found = changed === 0 ? "every word keeps its output" : `${changed} of ${order.length} outputs change`;
  const words = order.map((i) => tokens[i]).join(" ");
  return `“${tokens.join(" ")}” becomes “${words}”, with ${KINDS[positions]}: ${found}, the largest change is ${format(Math.max(...changes))}.`;
}

function render({ model, el }) {
  const { tokens, vectors } = read(model, NAMES);
  const n = tokens.length;
  const set = (order) => put(model, "order", order);
  const swapped = (i, j) => model.get("order").map((word, at, order) => (at === i ? order[j] : at === j ? order[i] : word));
  let place = 0;

  const positions = select({ label: "positions", options: Object.entries(KINDS), change: (value) => put(model, "positions", value) });
  const word = select({ label: "a word of the shuffled sentence", options: tokens.map((_, i) => [i, ""]), change: (value) => choose(Number(value)) });
  const options = [...word.element.querySelectorAll("option")];
  const earlier = button("Move it up", () => move(-1));
  const later = button("Move it down", () => move(1));
  const mix = button("Shuffle", () => {
    const order = [...model.get("order")];
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor(Math.random() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    set(order);
  });
  const turn = button("Turn it round", () => set([...model.get("order")].reverse()));
  const back = button("Back in order", () => set(tokens.map((_, i) => i)));
  const shown = results(["largest change of an output", "words that keep their output"]);
  const details = numbers();

  const wide = CELL * vectors[0].length;
  const [left, right] = [66 + wide, 120 + wide]; // where the lines begin and end
  const picture = s("svg", { class: "ak-shuffle", role: "img", viewBox: `0 0 ${right + wide + 138} ${ROW * n + 22}` });

  lay(el, "stack", {
    controls: [positions.element, word.element, h("div", { class: "ak-buttons ak-many" }, earlier, later), h("div", { class: "ak-buttons ak-many" }, mix, turn, back)],
    picture: [picture],
    below: [shown.element, details.element],
  });

  function choose(at) {
    place = at;
    draw();
  }

  function move(by) {
    const to = Math.max(0, Math.min(n - 1, place + by));
    const order = swapped(place, to);
    place = to;
    set(order);
  }

  function strip(values, x, y, largest) {
    return values.map((value, d) =>
      s("rect", { x: x + CELL * d, y: y + 5, width: CELL - 1, height: ROW - 10, style: `fill: ${mapColour(value / largest)}` }),
    );
  }

  function draw() {
    const state = read(model, NAMES);
    const now = compute(state);
    const { order } = state;
    positions.update(state.positions);
    options.forEach((option, at) => (option.textContent = `${at + 1}: ${tokens[order[at]]}`));
    word.update(place);
    earlier.disabled = place === 0;
    later.disabled = place === n - 1;

    const largest = Math.max(...[...now.inOrder, ...now.output].flat().map(Math.abs)) || 1;
    const text = (x, y, anchor, kind, content) => s("text", { class: kind, x, y: y + ROW / 2 + 5, "text-anchor": anchor }, content);
    const y = (at) => 22 + ROW * at;
    const cut = (token) => (token.length > 8 ? `${token.slice(0, 7)}…` : token);
    picture.replaceChildren(
      s("text", { x: 60, y: 13, "text-anchor": "end" }, "in order"),
      s("text", { x: right + 4, y: 13 }, "shuffled"),
      ...tokens.flatMap((token, at) => [text(60, y(at), "end", "", cut(token)), s("g", { class: "ak-cells" }, ...strip(now.inOrder[at], 66, y(at), largest))]),
      ...order.map((from, at) => s("line", { class: at === place ? "ak-axis" : "ak-spoke", x1: left + 3, y1: y(from) + ROW / 2, x2: right, y2: y(at) + ROW / 2 })),
      ...order.flatMap((from, at) => [
        text(right + 4, y(at), "start", at === place ? "ak-query" : "", cut(tokens[from])),
        s("g", { class: "ak-cells" }, ...strip(now.output[at], right + 62, y(at), largest)),
        text(right + 66 + wide, y(at), "start", now.changes[at] > SAME ? "ak-key" : "ak-value", now.changes[at] > SAME ? `≠ by ${format(now.changes[at])}` : "= same"),
      ]),
    );
    picture.setAttribute("aria-label", sentence(state, now));
    shown.update([Math.max(...now.changes), `${now.changes.filter((change) => change <= SAME).length} of ${n}`]);
    details.update(table(state));
  }

  return watch(model, NAMES, draw);
}

export default { render };
