// A query and a key that turn with their positions: their score knows how far apart they stand, and not where.

import { dot, norm, rotary } from "../frame/maths.mjs";
import { arrow, draggable, format, h, lay, numbers, plane, put, read, results, s, slider, watch } from "../frame/dom.mjs";

const NAMES = ["query", "key", "query_position", "key_position", "both", "turn"];
const LAST = 20;
const FURTHER = 7;
const REACH = 4.4;
const WIDE = 300; // of the two drawings below the plane
const HIGH = 90;

/** One pair turns by one radian a position; another angle is another unit of position. */
function turned(vector, position, turn) {
  return [...rotary([vector], [(position * turn * Math.PI) / 180])[0]];
}

function compute({ query, key, query_position, key_position, both, turn }) {
  const places = [query_position + both, key_position + both];
  const vectors = [query, key];
  const after = vectors.map((vector, i) => turned(vector, places[i], turn));
  const further = vectors.map((vector, i) => turned(vector, places[i] + FURTHER, turn));
  return { places, vectors, after, offset: query_position - key_position, score: dot(...after), further: dot(...further) };
}

export function table(state) {
  const { places, vectors, after, offset, score, further } = compute(state);
  return {
    caption: "A query and a key, before and after their turns",
    columns: ["", "query", "key"],
    rows: [
      ["position", ...places],
      ["turned by, in degrees", ...places.map((place) => place * state.turn)],
      ["x, before", ...vectors.map((v) => v[0])],
      ["y, before", ...vectors.map((v) => v[1])],
      ["x, turned", ...after.map((v) => v[0])],
      ["y, turned", ...after.map((v) => v[1])],
      ["length", ...after.map(norm)],
      ["offset, query − key", offset, null],
      ["score before the turns", dot(...vectors), null],
      ["score", score, null],
      [`score with both ${FURTHER} positions further`, further, null],
    ],
  };
}

const within = (x, low, high) => Math.max(low, Math.min(high, x));

function render({ model, el }) {
  const view = plane([-REACH, REACH], [-REACH, REACH]);
  const place = (name, label, kind) =>
    slider({ label, min: 0, max: LAST, step: 1, kind, show: (x) => format(x, 0), change: (x) => put(model, name, x) });
  const controls = {
    query_position: place("query_position", "the query stands at", "ak-query"),
    key_position: place("key_position", "the key stands at", "ak-key"),
    both: place("both", "both moved on together by", ""),
    turn: slider({ label: "turn for each position", min: 1, max: 60, step: 1, show: (x) => `${format(x, 0)}°`, change: (x) => put(model, "turn", x) }),
  };
  const shown = results(["score", "offset", "angle of q", "angle of k"]);
  const details = numbers();

  // The score for every offset, with a handle that changes the offset: it moves the key.
  const wave = s("g");
  const point = s("circle", { class: "ak-output", r: 12 });
  const curve = s("svg", { class: "ak-curve", role: "img", viewBox: `-30 -14 ${WIDE + 40} ${HIGH + 44}` }, wave, point);
  const offsetAt = (event) => {
    const box = curve.getBoundingClientRect();
    return Math.round((((event.clientX - box.left) / box.width) * (WIDE + 40) - 30) * ((2 * LAST) / WIDE) - LAST);
  };
  draggable(point, offsetAt, (offset) => put(model, "key_position", within(model.get("query_position") - offset, 0, LAST)));

  lay(el, "split", {
    picture: [view.element],
    controls: Object.values(controls).map((c) => c.element),
    below: [shown.element, h("p", { class: "ak-name" }, "Score for every offset; drag the point, and the key moves."), curve, details.element],
  });

  return watch(model, NAMES, () => {
    const state = read(model, NAMES);
    const { places, vectors, after, offset, score } = compute(state);
    for (const [name, control] of Object.entries(controls)) control.update(state[name]);

    const side = after[0][0] * after[1][1] < after[0][1] * after[1][0] ? 1 : -1;
    const ghost = (vector, kind) => {
      const drawing = arrow(view.to, vector, kind, "", 1);
      drawing.classList.add("ak-ghost");
      return drawing;
    };
    view.layer.replaceChildren(
      ghost(vectors[0], "ak-query"),
      ghost(vectors[1], "ak-key"),
      arrow(view.to, after[0], "ak-query", `q at ${places[0]}`, side),
      arrow(view.to, after[1], "ak-key", `k at ${places[1]}`, -side),
    );
    view.element.setAttribute(
      "aria-label",
      `A query at position ${places[0]} and a key at position ${places[1]}, each turned by ${format(state.turn, 0)} degrees for every position: ` +
        `their offset is ${format(offset, 0)} and their score ${format(score, 2)}.`,
    );

    const most = norm(state.query) * norm(state.key) || 1;
    const to = (at, value) => [((at + LAST) * WIDE) / (2 * LAST), (HIGH * (1 - value / most)) / 2];
    const points = Array.from({ length: 20 * LAST + 1 }, (_, i) => {
      const at = i / 10 - LAST;
      return to(at, dot(turned(state.query, at, state.turn), state.key));
    });
    const [x, y] = to(offset, score);
    wave.replaceChildren(
      s("line", { class: "ak-axis", x1: 0, x2: WIDE, y1: HIGH / 2, y2: HIGH / 2 }),
      ...[-20, -10, 0, 10, 20].map((at) => s("text", { class: "ak-tick", x: to(at, 0)[0], y: HIGH + 16, "text-anchor": "middle" }, format(at, 0))),
      ...[-most, 0, most].map((value) => s("text", { class: "ak-tick", x: -5, y: to(0, value)[1] + 4, "text-anchor": "end" }, format(value, 0))),
      s("polyline", { class: "ak-arc", points: points.map((p) => p.map((c) => c.toFixed(1)).join()).join(" ") }),
      s("line", { class: "ak-spoke", x1: x, x2: x, y1: 0, y2: HIGH }),
      s("circle", { class: "ak-output", cx: x, cy: y, r: 5 }),
    );
    point.setAttribute("cx", x);
    point.setAttribute("cy", y);
    curve.setAttribute("aria-label", `The score as a wave over the offset, from −${LAST} to ${LAST}; at offset ${format(offset, 0)} it is ${format(score, 2)}.`);

    const angle = (i) => `${format(places[i] * state.turn, 0)}°`;
    shown.update([score, format(offset, 0), angle(0), angle(1)]);
    details.update(table(state));
  });
}

export default { render };
