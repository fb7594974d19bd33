// Three matrices make queries, keys and values of the same words: change a number, and see who looks where.

import { dot, dotScores, scaledDotScores, softmax, weightedSum } from "../frame/maths.mjs";
import { arrow, button, checkbox, format, h, heatmap, lay, numbers, plane, put, read, results, select, watch } from "../frame/dom.mjs";

const MATRICES = ["query", "key", "value"];
const NAMES = ["tokens", "features", "inputs", ...MATRICES, "token", "scaled"];
const LIMIT = 3;

function compute({ inputs, query, key, value, scaled }) {
  const [queries, keys, values] = [query, key, value].map((matrix) => inputs.map((input) => matrix.map((row) => dot(row, input))));
  const scores = (scaled ? scaledDotScores : dotScores)(queries, keys).map((row) => Array.from(row));
  const weights = scores.map((row) => softmax(row));
  return { queries, keys, values, scores, weights, output: weights.map((row) => weightedSum(row, values)) };
}

function tableOf({ tokens }, { queries, keys, values, scores, weights, output }) {
  const parts = (name, vectors) => vectors[0].map((_, i) => [`${name} ${i + 1}`, ...vectors.map((vector) => vector[i])]);
  const each = (name, rows) => tokens.map((who, i) => [`${name} of “${who}”`, ...rows[i]]);
  return {
    caption: "Queries, keys, values, scores, weights and outputs of all tokens",
    columns: ["", ...tokens],
    rows: [parts("query", queries), parts("key", keys), parts("value", values), each("scores", scores), each("weights", weights), parts("output", output)].flat(),
  };
}

export function table(state) {
  return tableOf(state, compute(state));
}

const brief = (x) => format(x, Number.isInteger(x) ? 0 : 1);
const short = (vector) => `(${vector.map(brief).join(", ")})`;
const point = (vector) => `(${vector.map((x) => format(x, 2)).join(", ")})`;

function sentence({ tokens, token }, { queries, weights, output }) {
  const row = weights[token];
  const best = row.indexOf(Math.max(...row));
  return `“${tokens[token]}” asks with the query ${point(queries[token])}; most weight, ${format(row[best], 2)}, is on “${tokens[best]}”, and the output is ${point(output[token])}.`;
}

/** On which side of an arrow its name stands: away from the arrow that is nearest in direction, 1 to the left. */
function sideOf(vectors, j) {
  const turn = (other) => Math.atan2(vectors[j][0] * other[1] - vectors[j][1] * other[0], dot(vectors[j], other));
  const turns = vectors.filter((other, i) => i !== j && other.some((x) => x !== 0)).map(turn);
  const nearest = turns.reduce((best, angle) => (Math.abs(angle) < Math.abs(best) ? angle : best), Math.PI);
  return nearest > 0 ? -1 : 1;
}

/** One matrix as a grid of number fields, with the feature that each column reads above it. */
function grid({ letter, kind, makes, features, rows, change }) {
  const cells = rows.map((row, i) =>
    row.map((_, j) => {
      const input = h("input", {
        type: "number",
        min: -LIMIT,
        max: LIMIT,
        step: 0.5,
        "aria-label": `W_${letter}, row ${i + 1}, ${features[j]}`,
        oninput: () => input.value !== "" && input.checkValidity() && change(i, j, input.valueAsNumber),
        onchange: () => update(current),
      });
      return input;
    }),
  );
  let current = rows;
  function update(matrix) {
    current = matrix;
    cells.forEach((row, i) =>
      row.forEach((input, j) => {
        // What is being typed stays, as long as it says the same number.
        if (input.valueAsNumber !== matrix[i][j]) input.value = matrix[i][j];
      }),
    );
  }
  const heads = features.map((feature) => h("span", { class: "ak-name" }, feature));
  const body = h("div", { class: "ak-fields", style: `grid-template-columns: repeat(${features.length}, minmax(0, 1fr))` }, ...heads, ...cells.flat());
  const element = h("fieldset", { class: `ak-matrix ak-${kind}` }, h("legend", {}, `W_${letter}: ${makes}`), body);
  return { element, update };
}

/** Each token with its key, its score, its weight and its value: what the token that asks sees. */
function seen() {
  const list = h("div", { class: "ak-bars ak-seen ak-weight", role: "img" });
  return {
    element: list,
    update({ tokens, token }, { keys, values, scores, weights }) {
      const said = tokens.map((name, j) => `${name} ${format(scores[token][j], 2)} → ${format(weights[token][j], 2)}`);
      list.setAttribute("aria-label", `Score and weight of each token, asked by “${tokens[token]}”: ${said.join(", ")}.`);
      list.replaceChildren(
        ...["", "key", "score", "", "weight", "value"].map((head) => h("span", { class: "ak-name" }, head)),
        ...tokens.flatMap((name, j) => [
          h("span", { class: "ak-bar-name" }, name),
          h("span", { class: "ak-bar-value" }, short(keys[j])),
          h("span", { class: "ak-bar-value" }, format(scores[token][j], 2)),
          h("span", { class: "ak-bar" }, h("span", { style: `width: ${100 * weights[token][j]}%` })),
          h("span", { class: "ak-bar-value" }, format(weights[token][j], 2)),
          h("span", { class: "ak-bar-value" }, values[j].map(brief).join(", ")),
        ]),
      );
    },
  };
}

function render({ model, el }) {
  const start = read(model, MATRICES);
  const { tokens, features } = read(model, NAMES);
  let now = null;

  const token = select({ label: "who asks", options: tokens.map((name, i) => [i, `${i + 1}: ${name}`]), change: (value) => put(model, "token", Number(value)) });
  const scaled = checkbox({ label: "divide the scores by √d_k", change: (on) => put(model, "scaled", on) });
  const list = seen();
  const picture = h("div", { class: "ak-picture" });
  const own = results(["input x", "query q", "key k", "value v", "output o"]);
  const matrix = (name, letter, makes) =>
    grid({ letter, kind: name, makes, features, rows: start[name], change: (i, j, x) => put(model, name, model.get(name).map((row, k) => row.map((old, l) => (k === i && l === j ? x : old)))) });
  const grids = { query: matrix("query", "Q", "queries"), key: matrix("key", "K", "keys"), value: matrix("value", "V", "values") };
  const set = (changes) => Object.entries(changes).forEach(([name, rows]) => put(model, name, rows));
  const presets = [
    button("Back to the start", () => set(start)),
    button("Swap W_Q and W_K", () => set({ query: model.get("key"), key: model.get("query") })),
    button("W_K = W_Q", () => set({ key: model.get("query") })),
    button("W_Q = 0", () => set({ query: model.get("query").map((row) => row.map(() => 0)) })),
  ];
  const map = heatmap({
    name: "Weights",
    describe: (row, column) => `“${tokens[row]}” looks at “${tokens[column]}”: score ${format(now.scores[row][column])}, weight ${format(now.weights[row][column])}`,
  });
  const details = numbers();

  lay(el, "split", {
    picture: [picture],
    controls: [token.element, scaled.element, own.element],
    below: [
      list.element,
      h("div", { class: "ak-matrices" }, ...MATRICES.map((name) => grids[name].element)),
      h("div", { class: "ak-presets" }, ...presets),
      h("p", { class: "ak-label" }, "The weights of all tokens; the frame marks the one that asks."),
      map.element,
      details.element,
    ],
  });

  /** The arrows on a plane that is as large as they need; the query comes last, so that it lies on top. */
  function draw(state) {
    const query = now.queries[state.token];
    const all = [...now.keys, query];
    const reach = Math.ceil(Math.max(2, ...all.flat().map(Math.abs)));
    // Names are wider than high.
    const view = plane([-1.6 * reach, 1.6 * reach], [-1.4 * reach, 1.4 * reach], { size: 330 });
    const drawn = all.map((vector, j) => arrow(view.to, vector, j < tokens.length ? "ak-key" : "ak-query", tokens[j] ?? "q", sideOf(all, j)));
    view.layer.replaceChildren(...drawn);
    view.element.setAttribute("aria-label", `Arrows: ${sentence(state, now)} The keys: ${tokens.map((name, j) => `${name} ${point(now.keys[j])}`).join(", ")}.`);
    picture.replaceChildren(view.element);
  }

  const stop = watch(model, NAMES, () => {
    const state = read(model, NAMES);
    now = compute(state);
    token.update(state.token);
    scaled.update(state.scaled);
    MATRICES.forEach((name) => grids[name].update(state[name]));
    draw(state);
    list.update(state, now);
    own.update([...[state.inputs, now.queries, now.keys, now.values].map((vectors) => short(vectors[state.token])), point(now.output[state.token])]);
    map.update({ values: now.weights, rows: tokens, columns: tokens, largest: 1, marks: [{ kind: "row", row: state.token }], label: sentence(state, now) });
    details.update(tableOf(state, now));
  });
  return () => {
    stop();
    map.end();
  };
}

export default { render };
