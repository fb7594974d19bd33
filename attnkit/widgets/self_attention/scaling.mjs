// Why √d_k: random queries ask random keys, and the wider the vectors, the more one of 16 keys takes.

import { softmax } from "../frame/maths.mjs";
import { bars, button, format, h, lay, numbers, put, read, results, s, select, slider, watch } from "../frame/dom.mjs";

const NAMES = ["d_k", "divisor", "sample", "seed"];
const WIDTHS = Array.from({ length: 11 }, (_, i) => 2 ** i);
const [N_KEYS, N_SAMPLES, SEEDS] = [16, 32, 10000];
const DIVISORS = { nothing: () => 1, "√d_k": Math.sqrt, d_k: (width) => width };

/** The uniform number at a place, between 0 and 1: mulberry32, as in scaling.py. */
function uniform(seed, place) {
  const state = (seed + Math.imul(place + 1, 0x6d2b79f5)) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
  return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 2 ** 32;
}

/** Fill an array with normal numbers, from a place on: two uniform numbers become two normal ones. */
function normals(seed, place, into) {
  for (let i = 0; i < into.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(uniform(seed, place + i)));
    const angle = 2 * Math.PI * uniform(seed, place + i + 1);
    into[i] = radius * Math.cos(angle);
    into[i + 1] = radius * Math.sin(angle);
  }
}

/** The dot products at all widths, [width][sample][key]. */
function products(seed) {
  const found = WIDTHS.map(() => Array.from({ length: N_SAMPLES }, () => new Array(N_KEYS)));
  const last = WIDTHS.at(-1);
  const [query, key] = [new Float64Array(last), new Float64Array(last)];
  for (let sample = 0; sample < N_SAMPLES; sample++) {
    const place = sample * (N_KEYS + 1) * last;
    normals(seed, place, query);
    for (let j = 0; j < N_KEYS; j++) {
      normals(seed, place + (j + 1) * last, key);
      let [sum, c] = [0, 0];
      WIDTHS.forEach((width, i) => {
        for (; c < width; c++) sum += query[c] * key[c];
        found[i][sample][j] = sum;
      });
    }
  }
  return found;
}

const mean = (xs) => xs.reduce((a, b) => a + b, 0) / xs.length;

function median(xs) {
  const sorted = [...xs].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
}

/** The Frobenius norm of softmax's Jacobian, diag(w) − w wᵀ. */
function jacobianSize(weights) {
  const squares = weights.reduce((sum, w) => sum + w ** 2, 0);
  const cubes = weights.reduce((sum, w) => sum + w ** 3, 0);
  return Math.sqrt(Math.max(0, squares - 2 * cubes + squares ** 2));
}

let kept = { seed: null };

/** What stands at one width: scores and weights of all samples, and what they come to. Those of one seed are kept. */
function at(width, divisor, seed) {
  if (kept.seed !== seed) kept = { seed, products: products(seed), stages: new Map() };
  const name = `${width} ${divisor}`;
  if (!kept.stages.has(name)) kept.stages.set(name, stages(kept.products[WIDTHS.indexOf(width)], DIVISORS[divisor](width)));
  return kept.stages.get(name);
}

function stages(dots, size) {
  const scores = dots.map((row) => row.map((x) => x / size));
  const weights = scores.map((row) => softmax(row));
  const tops = weights.map((row) => Math.max(...row));
  const middle = mean(scores.flat());
  const spread = Math.sqrt(mean(scores.flat().map((x) => (x - middle) ** 2)));
  return { scores, weights, tops, spread, top: mean(tops), gradient: median(weights.map(jacobianSize)) };
}

export function table({ d_k, divisor, sample, seed }) {
  const now = at(d_k, divisor, seed);
  return {
    caption: `${N_SAMPLES} samples at each width, divided by ${divisor}, and one of them at d_k = ${d_k}`,
    columns: ["", "spread, or score", "mean top weight, or weight", "typical gradient"],
    rows: [
      ...WIDTHS.map((width) => {
        const { spread, top, gradient } = at(width, divisor, seed);
        return [`d_k = ${width}`, spread, top, gradient];
      }),
      ...now.scores[sample].map((score, j) => [`sample ${sample + 1}, key ${j + 1}`, score, now.weights[sample][j], null]),
    ],
  };
}

function sentence({ d_k, divisor }, { spread, top, gradient }) {
  return `At d_k = ${d_k}, dot products divided by ${divisor} spread by ${format(spread, 2)}; over ${N_SAMPLES} samples the largest of ${N_KEYS} weights is ${format(top, 2)} on average, and the typical gradient ${format(gradient, 2)}.`;
}

/** Mean top weights against the width, a line for each divisor, and the samples at the present width as dots. */
function chart() {
  const [width, height] = [300, 200];
  const x = (i) => 12 + (i * (width - 24)) / (WIDTHS.length - 1);
  const y = (share) => height * (1 - share);
  const rules = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    s("line", { class: share ? "ak-grid" : "ak-axis", x1: 0, x2: width, y1: y(share), y2: y(share) }),
    s("text", { class: "ak-tick", x: -6, y: y(share) + 4, "text-anchor": "end" }, format(share, 2)),
  ]);
  const ticks = WIDTHS.flatMap((d, i) => (i % 2 ? [] : [s("text", { class: "ak-tick", x: x(i), y: height + 16, "text-anchor": "middle" }, `${d}`)]));
  const layer = s("g");
  const svg = s("svg", { class: "ak-plane ak-chart", role: "img", viewBox: `0 0 ${width} ${height}` }, ...rules, ...ticks, layer);
  const element = h("div", { class: "ak-picture" }, svg, h("p", { class: "ak-label" }, "Across: d_k. Up: the largest of 16 weights. Lines: means of 32 samples. Dots: the samples at this d_k, the ring around the one below."));
  return {
    element,
    update({ d_k, divisor, sample, seed }, now, label) {
      const here = x(WIDTHS.indexOf(d_k));
      const line = (name, i) => {
        const tops = WIDTHS.map((d) => at(d, name, seed).top);
        const text = s("text", { x: width, y: y(tops.at(-1)) + (i === 0 ? 16 : -8), "text-anchor": "end" }, name === "nothing" ? "not divided" : `÷ ${name}`);
        const points = tops.map((top, j) => `${x(j)},${y(top)}`).join(" ");
        return [s("polyline", { class: `ak-line-${i}${name === divisor ? " ak-present" : ""}`, points }), text];
      };
      layer.replaceChildren(
        s("line", { class: "ak-axis", x1: here, x2: here, y1: 0, y2: height }),
        ...Object.keys(DIVISORS).flatMap(line),
        ...now.tops.map((top) => s("circle", { class: "ak-weight", cx: here, cy: y(top), r: 3 })),
        s("circle", { class: "ak-ring", cx: here, cy: y(now.tops[sample]), r: 7 }),
      );
      svg.setAttribute("aria-label", label);
    },
  };
}

function render({ model, el }) {
  const width = slider({ label: "d_k, numbers in a query and in a key", min: 0, max: WIDTHS.length - 1, step: 1, kind: "ak-key", show: (i) => `${WIDTHS[i]}`, change: (i) => put(model, "d_k", WIDTHS[i]) });
  const divisor = select({ label: "divide the dot products by", options: Object.keys(DIVISORS).map((name) => [name, name]), change: (name) => put(model, "divisor", name) });
  const sample = slider({ label: "sample", min: 1, max: N_SAMPLES, step: 1, show: (i) => `${i} of ${N_SAMPLES}`, change: (i) => put(model, "sample", i - 1) });
  const again = button("Draw new numbers", () => put(model, "seed", (model.get("seed") + 1) % SEEDS));
  const shown = results(["spread of the scores", "mean top weight", "typical gradient"]);
  const lines = chart();
  const weights = bars("ak-weight");
  const details = numbers();
  const keys = Array.from({ length: N_KEYS }, (_, j) => `key ${j + 1}`);

  lay(el, "split", {
    picture: [lines.element],
    controls: [width.element, divisor.element, shown.element, again],
    below: [sample.element, weights.element, details.element],
  });

  return watch(model, NAMES, () => {
    const state = read(model, NAMES);
    const now = at(state.d_k, state.divisor, state.seed);
    width.update(WIDTHS.indexOf(state.d_k));
    divisor.update(state.divisor);
    sample.update(state.sample + 1);
    shown.update([now.spread, now.top, now.gradient]);
    lines.update(state, now, sentence(state, now));
    const row = now.weights[state.sample];
    weights.update({ label: `Weights of sample ${state.sample + 1}: ${row.map((w, j) => `${keys[j]} ${format(w, 2)}`).join(", ")}.`, names: keys, values: row });
    details.update(table(state));
  });
}

export default { render };
