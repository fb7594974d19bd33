// Sinusoidal positions as a map and as clocks: slide a position, and see a shift turn every hand by its own angle.

import { dot, sinusoidalPositions } from "../frame/maths.mjs";
import { draggable, format, h, lay, mapColour, numbers, put, read, results, s, select, slider, watch } from "../frame/dom.mjs";

const NAMES = ["d_model", "position", "shift", "pair"];
const N_POSITIONS = 50;
const [WIDE, HIGH] = [7, 150]; // of a position's column in the map
const STEPS = 20; // colours from 0 to 1

const frequency = (pair, width) => 10000 ** ((-2 * pair) / width);
const wavelength = (pair, width) => (2 * Math.PI) / frequency(pair, width);
const degrees = (angle) => (angle * 180) / Math.PI;

function compute({ d_model: width, position, shift }) {
  const [here, there] = sinusoidalPositions([position, position + shift], width);
  const pairs = Array.from({ length: width / 2 }, (_, i) => ({
    wavelength: wavelength(i, width),
    here: [here[2 * i], here[2 * i + 1]],
    turn: shift * frequency(i, width),
    there: [there[2 * i], there[2 * i + 1]],
  }));
  return { pairs, product: dot(here, there) };
}

export function table(state) {
  const { pairs, product } = compute(state);
  return {
    caption: `Clocks at p = ${state.position}, moved on by k = ${state.shift}`,
    columns: ["", "wavelength", "sin at p", "cos at p", "turn in degrees", "sin at p + k", "cos at p + k"],
    rows: [
      ...pairs.map(({ wavelength, here, turn, there }, i) => [`pair ${i}`, wavelength, ...here, degrees(turn), ...there]),
      ["PE(p) · PE(p + k)", product, null, null, null, null, null],
    ],
  };
}

/** The map as one path a colour: a row for each dimension, a column for each position. */
function cells(width) {
  const high = HIGH / width;
  const paths = new Map();
  sinusoidalPositions(Array.from({ length: N_POSITIONS }, (_, p) => p), width).forEach((encoding, p) =>
    encoding.forEach((value, dimension) => {
      const step = Math.round(STEPS * value);
      paths.set(step, `${paths.get(step) ?? ""}M${WIDE * p} ${high * dimension}h${WIDE}v${high}h${-WIDE}z`);
    }),
  );
  return [...paths].map(([step, d]) => s("path", { d, style: `fill: ${mapColour(step / STEPS)}` }));
}

const bracketed = (x) => (format(x).startsWith("−") ? `(${format(x)})` : format(x));

/** A hand that points up at angle 0 and turns clockwise: sine to the right, cosine upwards. */
function hand([sine, cosine], kind) {
  return s("line", { class: `ak-hand ${kind}`, x1: 0, y1: 0, x2: 38 * sine, y2: -38 * cosine });
}

function face({ here, there }) {
  return s("svg", { viewBox: "-46 -46 92 92", "aria-hidden": "true" }, s("circle", { r: 42 }), hand(there, "ak-key"), hand(here, "ak-query"));
}

function render({ model, el }) {
  const width = select({
    label: "numbers in an encoding, d_model",
    options: [4, 8, 16, 32].map((n) => [n, n]),
    change(value) {
      put(model, "pair", Math.min(model.get("pair"), value / 2 - 1));
      put(model, "d_model", Number(value));
    },
  });
  const whole = (x) => format(x, 0);
  const position = slider({ label: "position p", min: 0, max: N_POSITIONS - 1, step: 1, kind: "ak-query", show: whole, change: (x) => put(model, "position", x) });
  const shift = slider({ label: "moved on by k", min: 0, max: 20, step: 1, kind: "ak-key", show: whole, change: (x) => put(model, "shift", x) });

  const map = s("g", { class: "ak-cells" });
  const marks = s("g");
  const picture = s("svg", { class: "ak-waves", role: "img", viewBox: `-26 -18 ${WIDE * N_POSITIONS + 32} ${HIGH + 50}` }, map, marks);
  const at = (event) => {
    const box = picture.getBoundingClientRect();
    const unit = picture.viewBox.baseVal.width / box.width;
    return [(event.clientX - box.left) * unit - 26, (event.clientY - box.top) * unit - 18];
  };
  const within = (x, low, high) => Math.max(low, Math.min(high, x));
  const handle = s("circle", { class: "ak-query", r: 12, cy: HIGH + 12 });
  draggable(handle, at, ([x]) => put(model, "position", within(Math.floor(x / WIDE), 0, N_POSITIONS - 1)));
  picture.append(handle);
  // A tap on the map chooses its position and its clock.
  map.addEventListener("click", (event) => {
    const [x, y] = at(event);
    const pairs = model.get("d_model") / 2;
    put(model, "pair", within(Math.floor((y / HIGH) * pairs), 0, pairs - 1));
    put(model, "position", within(Math.floor(x / WIDE), 0, N_POSITIONS - 1));
  });

  const clocks = h("div", { class: "ak-dials", role: "group", "aria-label": "Clocks: choose a pair" });
  const shown = results(["wavelength", "turn by k", "PE(p) · PE(p + k)"]);
  const lines = [0, 1].map(() => h("p", { class: "ak-equation" }));
  const details = numbers();
  let [drawn, buttons] = [0, []];

  lay(el, "stack", {
    controls: [position.element, shift.element, width.element],
    picture: [picture, clocks],
    below: [shown.element, ...lines, details.element],
  });

  return watch(model, NAMES, () => {
    const state = read(model, NAMES);
    const { pairs, product } = compute(state);
    // Where a kernel sets the two one after the other, the pair may be missing for a moment.
    const pair = Math.min(state.pair, pairs.length - 1);
    const high = HIGH / pairs.length;
    position.update(state.position);
    shift.update(state.shift);
    width.update(state.d_model);

    if (drawn !== state.d_model) {
      drawn = state.d_model;
      map.replaceChildren(...cells(drawn));
      buttons = pairs.map((_, i) => h("button", { type: "button", class: "ak-clock", onclick: () => put(model, "pair", i) }));
      clocks.replaceChildren(...buttons);
    }
    buttons.forEach((button, i) => {
      button.setAttribute("aria-pressed", i === pair);
      button.setAttribute("aria-label", `pair ${i}, wavelength ${format(pairs[i].wavelength, 1)}, turned by ${format(degrees(pairs[i].turn), 1)}°`);
      button.replaceChildren(face(pairs[i]), h("span", {}, format(pairs[i].wavelength, pairs[i].wavelength < 100 ? 1 : 0)));
    });

    const column = (p, kind, name) => [
      s("rect", { class: `ak-column ${kind}`, x: WIDE * p, y: 0, width: WIDE, height: HIGH }),
      s("text", { class: kind, x: WIDE * (p + 0.5), y: -6, "text-anchor": "middle" }, name),
    ];
    const both = state.shift > 0 && state.position + state.shift < N_POSITIONS;
    marks.replaceChildren(
      s("rect", { class: "ak-band", x: 0, y: high * pair, width: WIDE * N_POSITIONS, height: high }),
      s("text", { class: "ak-tick", x: -5, y: -6, "text-anchor": "end" }, "pair"),
      s("text", { class: "ak-tick", x: WIDE * N_POSITIONS, y: HIGH + 30, "text-anchor": "end" }, "position"),
      ...[0, 10, 20, 30, 40].map((p) => s("text", { class: "ak-tick", x: WIDE * (p + 0.5), y: HIGH + 30, "text-anchor": "middle" }, format(p, 0))),
      ...pairs.map((_, i) => s("text", { class: "ak-tick", x: -5, y: high * (i + 0.5) + 4, "text-anchor": "end" }, i % Math.ceil(pairs.length / 8) ? "" : format(i, 0))),
      ...(both ? column(state.position + state.shift, "ak-key", state.shift > 4 ? "p + k" : "") : []),
      ...column(state.position, "ak-query", "p"),
    );
    handle.setAttribute("cx", WIDE * (state.position + 0.5));

    const { wavelength, here, turn, there } = pairs[pair];
    picture.setAttribute(
      "aria-label",
      `The encodings of ${N_POSITIONS} positions with ${state.d_model} numbers each, and ${pairs.length} clocks at position ${state.position}: ` +
        `${state.shift} positions further on, the hand of pair ${pair}, whose wavelength is ${format(wavelength, 1)} positions, has turned by ${format(degrees(turn), 1)} degrees.`,
    );
    shown.update([format(wavelength, 1), `${format(degrees(turn), 1)}°`, product]);
    const [c, d] = [Math.cos(turn), Math.sin(turn)];
    const sums = [[c, d], [-d, c]].map((row) => row.map((x, i) => `${bracketed(x)}\u00a0·\u00a0${bracketed(here[i])}`).join(" + "));
    lines.forEach((line, i) => (line.textContent = `${i === 0 ? "sin" : "cos"} of pair ${pair} at p + k: ${sums[i]} =\u00a0${format(there[i])}`));
    details.update(table(state));
  });
}

export default { render };
