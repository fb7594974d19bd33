// Every token's score against one query or against all: dot product or cosine.

import { cosineScores, dotScores, norm, scaled } from "../frame/maths.mjs";
import { format, heatmap, lay, numbers, put, read, select, slider, watch } from "../frame/dom.mjs";

const NAMES = ["tokens", "vectors", "score", "query", "token", "scale"];
const TITLE = { dot: "Dot products", cosine: "Cosines" };

function compute({ tokens, vectors, score, query, token, scale }) {
  const keys = vectors.map((vector, i) => (i === token ? scaled(vector, scale) : vector));
  const asking = query === null ? tokens : [tokens[query]];
  const queries = query === null ? keys : [keys[query]];
  return { keys, asking, scores: (score === "dot" ? dotScores : cosineScores)(queries, keys) };
}

export function table(state) {
  const { keys, asking, scores } = compute(state);
  return {
    caption: `${TITLE[state.score]}: queries in rows, keys in columns`,
    columns: ["", ...state.tokens],
    rows: [["length", ...keys.map(norm)], ...scores.map((row, i) => [asking[i], ...row])],
  };
}

function sentence({ tokens, score, query }, { asking, scores }) {
  let [best, i, j] = [-Infinity, 0, 0];
  scores.forEach((row, at) =>
    row.forEach((value, to) => {
      if (value > best) [best, i, j] = [value, at, to];
    }),
  );
  const who = query === null ? `all ${asking.length} tokens` : `“${asking[0]}”`;
  return `${TITLE[score]} of ${who} with ${tokens.length} tokens; the largest is ${format(best, 2)}, “${asking[i]}” with “${tokens[j]}”.`;
}

function render({ model, el }) {
  const tokens = model.get("tokens");
  const listed = tokens.map((token, i) => [i, `${i + 1}: ${token}`]);
  let now = null;

  const score = select({ label: "score", options: [["dot", "dot product"], ["cosine", "cosine"]], change: (value) => put(model, "score", value) });
  const query = select({ label: "query", options: [["all", "all against all"], ...listed], change: (value) => put(model, "query", value === "all" ? null : Number(value)) });
  const token = select({ label: "make longer or shorter", options: listed, change: (value) => put(model, "token", Number(value)) });
  const scale = slider({ label: "its length times", min: 0, max: 3, step: 0.05, kind: "ak-key", show: (x) => format(x, 2), change: (x) => put(model, "scale", x) });
  const details = numbers();
  const map = heatmap({
    name: "Scores",
    describe: (row, column) => `query “${now.asking[row]}”, key “${tokens[column]}”: ${model.get("score") === "dot" ? "dot product" : "cosine"} ${format(now.scores[row][column])}`,
  });

  lay(el, "stack", { controls: [score, query, token, scale].map((c) => c.element), picture: [map.element], below: [details.element] });

  const stop = watch(model, NAMES, () => {
    const state = read(model, NAMES);
    now = compute(state);
    score.update(state.score);
    query.update(state.query ?? "all");
    token.update(state.token);
    scale.update(state.scale);
    const largest = state.score === "cosine" ? 1 : Math.max(...now.scores.flat().map(Math.abs)) || 1;
    map.update({ values: now.scores, rows: now.asking, columns: tokens, largest, label: sentence(state, now) });
    details.update(table(state));
  });
  return () => {
    stop();
    map.end();
  };
}

export default { render };
