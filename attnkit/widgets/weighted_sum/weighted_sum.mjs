// Weights move a point inside the hull of the values; with a decoder, the point becomes a word.

import { dot, hull, softmax, weightedSum } from "../frame/maths.mjs";
import { bars, format, h, lay, numbers, plane, put, read, results, s, select, slider, watch } from "../frame/dom.mjs";

const NAMES = ["values", "scores", "labels", "decoder", "step"];

function compute({ values, scores, decoder, step }) {
  const weights = softmax(scores);
  const output = weightedSum(weights, values);
  if (decoder === null) return { weights, output };
  const logits = decoder.layer.map((row) => dot(row, [...output, ...decoder.steps[step].state]));
  const probabilities = softmax(logits);
  return { weights, output, logits, probabilities, word: decoder.words[logits.indexOf(Math.max(...logits))] };
}

export function table(state) {
  const { values, scores, labels, decoder } = state;
  const { weights, output, logits, probabilities } = compute(state);
  const rows = [
    ...labels.map((label, i) => [label, scores[i], weights[i], ...values[i]]),
    ["weighted sum", null, weights.reduce((a, b) => a + b, 0), ...output],
  ];
  if (decoder !== null) rows.push(...decoder.words.map((word, i) => [`word: ${word}`, logits[i], probabilities[i], null, null]));
  const heads = decoder === null ? ["score", "weight"] : ["score or logit", "weight or probability"];
  return { caption: "Values, their weights, and what they add up to", columns: ["", ...heads, "x", "y"], rows };
}

function sentence({ labels }, { weights, output, word }) {
  const shares = labels.map((label, i) => `${format(weights[i], 2)} of “${label}”`).join(", ");
  const said = word === undefined ? "" : `, and the next word is “${word}”`;
  return `The weighted sum takes ${shares}; it stands at (${output.map((x) => format(x, 2)).join(", ")}), inside the hull of the values${said}.`;
}

function equation({ values }, { weights, output }) {
  // A line may break between the terms, not within one.
  const point = (vector, digits) => `(${vector.map((x) => format(x, digits)).join(",\u00a0")})`;
  return `${values.map((value, i) => `${format(weights[i], 2)}\u00a0·\u00a0${point(value, 1)}`).join(" + ")} =\u00a0${point(output, 2)}`;
}

/** The drawing: hull, spokes from the output to each value, the values as large as their weights, the output. */
function draw(view, { values, labels }, { weights, output }) {
  const [x, y] = view.to(output);
  const places = values.map(view.to);
  const centre = [0, 1].map((axis) => places.reduce((sum, place) => sum + place[axis], 0) / places.length);
  // A value's name stands outside the hull, the output's inside it, so that they do not meet.
  const name = (text, [px, py], radius) => {
    const [dx, dy] = [px - centre[0], py - centre[1]];
    const length = Math.hypot(dx, dy);
    const [ux, uy] = length < 1 ? [0, -1] : [dx / length, dy / length];
    const anchor = Math.abs(ux) < 0.75 ? "middle" : ux < 0 ? "end" : "start";
    return s("text", { class: "ak-value", x: px + ux * (radius + 7), y: py + uy * (radius + 12) + 5, "text-anchor": anchor }, text);
  };
  const inward = x > centre[0] + 1 ? -1 : 1;
  view.layer.replaceChildren(
    s("polygon", { class: "ak-hull", points: hull(values).map((p) => view.to(p).join()).join(" ") }),
    ...places.map(([x1, y1], i) => s("line", { class: "ak-spoke", x1, y1, x2: x, y2: y, "stroke-width": 0.5 + 5 * weights[i] })),
    ...places.map(([cx, cy], i) => s("circle", { class: "ak-value", cx, cy, r: 4 + 9 * weights[i] })),
    ...places.map((place, i) => name(labels[i], place, 4 + 9 * weights[i])),
    s("path", { class: "ak-output", d: `M${x - 8} ${y}L${x} ${y - 8}L${x + 8} ${y}L${x} ${y + 8}Z` }),
    s("text", { class: "ak-output", x: x + 13 * inward, y: y + 5, "text-anchor": inward > 0 ? "start" : "end" }, "output"),
  );
}

/** The range of the values and the origin along an axis, with room around it for names. */
function range(values, axis, room) {
  const all = [0, ...values.map((value) => value[axis])];
  return [Math.min(...all) - room, Math.max(...all) + room];
}

function render({ model, el }) {
  const { values, labels, decoder } = read(model, NAMES);
  const room = 0.2 * (Math.max(0, ...values.flat()) - Math.min(0, ...values.flat())) || 1;
  const view = plane(range(values, 0, room), range(values, 1, room));
  const scores = labels.map((label, i) =>
    slider({ label: `score of ${label}`, min: -5, max: 5, step: 0.1, kind: "ak-value", change: (x) => put(model, "scores", model.get("scores").map((old, j) => (j === i ? x : old))) }),
  );
  const shares = bars("ak-weight");
  const line = h("p", { class: "ak-equation" });
  const details = numbers();

  const words = bars("ak-output");
  const next = results(["next word"]);
  const step = select({
    label: "decoder has just written",
    options: (decoder?.steps ?? []).map(({ input }, i) => [i, input]),
    change(value) {
      const at = Number(value);
      put(model, "step", at);
      put(model, "scores", values.map((v) => dot(decoder.steps[at].state, v)));
    },
  });
  const decoding = decoder === null ? [] : [h("div", { class: "ak-row" }, step.element, next.element), words.element];

  lay(el, "split", { picture: [view.element], controls: [...scores.map((c) => c.element), shares.element, ...decoding], below: [line, details.element] });

  return watch(model, NAMES, () => {
    const state = read(model, NAMES);
    const now = compute(state);
    scores.forEach((control, i) => control.update(state.scores[i]));
    draw(view, state, now);
    view.element.setAttribute("aria-label", sentence(state, now));
    shares.update({ label: `Weights: ${labels.map((name, i) => `${name} ${format(now.weights[i], 2)}`).join(", ")}.`, names: labels, values: now.weights });
    line.textContent = equation(state, now);
    details.update(table(state));
    if (decoder === null) return;
    step.update(state.step);
    next.update([now.word]);
    words.update({ label: `Probability of the next word: ${decoder.words.map((word, i) => `${word} ${format(now.probabilities[i], 2)}`).join(", ")}.`, names: decoder.words, values: now.probabilities });
  });
}

export default { render };
