// Scores become weights, and the temperature says how sharply.

import { argmaxWeights, entropy, softmax } from "../frame/maths.mjs";
import { bars, checkbox, format, lay, numbers, put, read, results, slider, watch } from "../frame/dom.mjs";

const NAMES = ["scores", "labels", "temperature", "hard"];
const total = (weights) => weights.reduce((a, b) => a + b, 0);
const weigh = ({ scores, temperature, hard }) => (hard ? argmaxWeights(scores) : softmax(scores, undefined, temperature));

export function table(state) {
  const weights = weigh(state);
  return {
    caption: "Scores and the weights that they become",
    columns: ["", "score", "weight"],
    rows: [
      ...state.labels.map((label, i) => [label, state.scores[i], weights[i]]),
      ["sum of the weights", null, total(weights)],
      ["entropy in bits", null, entropy(weights)],
    ],
  };
}

function sentence({ labels, temperature, hard }, weights) {
  const best = weights.indexOf(Math.max(...weights));
  const how = hard ? "Hard weights" : `Softmax weights at temperature ${format(temperature, 2)}`;
  return `${how} over ${labels.length} words: the most, ${format(weights[best], 2)}, on “${labels[best]}”; entropy ${format(entropy(weights), 2)} bits.`;
}

function render({ model, el }) {
  const labels = model.get("labels");
  const scores = labels.map((label, i) =>
    slider({ label: `score of ${label}`, min: -5, max: 5, step: 0.1, change: (x) => put(model, "scores", model.get("scores").map((old, j) => (j === i ? x : old))) }),
  );
  // The slider runs over the logarithm: from 0.1 to 1 is as far as from 1 to 10.
  const temperature = slider({
    label: "temperature",
    min: Math.log10(0.05),
    max: 1,
    step: "any",
    kind: "ak-output",
    show: (x) => format(10 ** x, 2),
    change: (x) => put(model, "temperature", Math.min(10, Math.max(0.05, 10 ** x))),
  });
  const hard = checkbox({ label: "hard: all weight on the largest score", change: (on) => put(model, "hard", on) });
  const picture = bars("ak-weight");
  const shown = results(["sum of the weights", "entropy in bits", "largest weight"]);
  const details = numbers();

  lay(el, "split", { picture: [picture.element], controls: [...scores.map((c) => c.element), temperature.element, hard.element], below: [shown.element, details.element] });

  return watch(model, NAMES, () => {
    const state = read(model, NAMES);
    const weights = weigh(state);
    scores.forEach((control, i) => control.update(state.scores[i]));
    temperature.update(Math.log10(state.temperature));
    hard.update(state.hard);
    picture.update({ label: sentence(state, weights), names: labels, values: weights });
    shown.update([total(weights), entropy(weights), Math.max(...weights)]);
    details.update(table(state));
  });
}

export default { render };
