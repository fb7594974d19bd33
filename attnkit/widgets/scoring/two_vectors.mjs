// Two vectors in the plane: what the dot product hears, and what the cosine does not.

import { cosine, dot, norm, scaled } from "../frame/maths.mjs";
import { arrow, checkbox, draggable, format, lay, numbers, plane, put, read, results, s, slider, watch } from "../frame/dom.mjs";

const NAMES = ["query", "key", "scale", "normalise"];
const LIMIT = 4;

const unit = (vector) => (norm(vector) === 0 ? vector : scaled(vector, 1 / norm(vector)));

function angle(query, key) {
  if (norm(query) === 0 || norm(key) === 0) return null;
  return (Math.acos(Math.max(-1, Math.min(1, cosine(query, key)))) * 180) / Math.PI;
}

export function table({ query, key, scale }) {
  const k = scaled(key, scale);
  const pairs = [[query, k], [unit(query), unit(k)]];
  const row = (name, of) => [name, ...pairs.map((pair) => of(...pair))];
  return {
    caption: "A query and a key, and the scores between them",
    columns: ["", "as they are", "at length 1"],
    rows: [
      row("query, x", (q) => q[0]),
      row("query, y", (q) => q[1]),
      row("key, x", (_, k) => k[0]),
      row("key, y", (_, k) => k[1]),
      row("length of the query", (q) => norm(q)),
      row("length of the key", (_, k) => norm(k)),
      row("angle in degrees", angle),
      row("dot product", dot),
      row("cosine", cosine),
    ],
  };
}

/** The angle as a small arc around the origin. */
function arc(to, q, k, radius) {
  const [a, b] = [q, k].map((v) => Math.atan2(v[1], v[0]));
  const turn = Math.atan2(Math.sin(b - a), Math.cos(b - a));
  const points = Array.from({ length: 25 }, (_, i) => to([radius * Math.cos(a + (turn * i) / 24), radius * Math.sin(a + (turn * i) / 24)]));
  return s("polyline", { class: "ak-arc", points: points.map((p) => p.join()).join(" ") });
}

function render({ model, el }) {
  const [wide, near] = [LIMIT + 0.5, 1.5].map((reach) => plane([-reach, reach], [-reach, reach]));
  const component = (name, axis, label) =>
    slider({ label, min: -LIMIT, max: LIMIT, step: 0.1, kind: `ak-${name}`, change: (x) => put(model, name, model.get(name).map((old, i) => (i === axis ? x : old))) });
  const components = [component("query", 0, "query, x"), component("query", 1, "query, y"), component("key", 0, "key, x"), component("key", 1, "key, y")];
  const scale = slider({ label: "key’s length times", min: 0, max: 3, step: 0.05, kind: "ak-key", show: (x) => format(x, 2), change: (x) => put(model, "scale", x) });
  const normalise = checkbox({ label: "normalise: draw both at length 1", change: (on) => put(model, "normalise", on) });
  const shown = results(["dot product", "cosine", "angle", "|q|", "|k|"]);
  const details = numbers();

  const handles = ["query", "key"].map((name) => {
    const handle = s("circle", { r: 12, class: `ak-${name}` });
    draggable(handle, wide.from, (point) => {
      const by = name === "key" ? model.get("scale") : 1;
      if (by > 0) put(model, name, point.map((x) => Math.round(10 * Math.max(-LIMIT, Math.min(LIMIT, x / by))) / 10));
    });
    return handle;
  });

  lay(el, "split", {
    picture: [wide.element, near.element],
    controls: [...components.map((c) => c.element), scale.element, normalise.element],
    below: [shown.element, details.element],
  });
  wide.element.append(...handles);

  return watch(model, NAMES, () => {
    const state = read(model, NAMES);
    const k = scaled(state.key, state.scale);
    const [q1, k1] = [unit(state.query), unit(k)];
    components.forEach((c, i) => c.update([...state.query, ...state.key][i]));
    scale.update(state.scale);
    normalise.update(state.normalise);

    // The drawing at length 1 has its own plane; the dragging happens on the wide one.
    wide.element.style.display = state.normalise ? "none" : "";
    near.element.style.display = state.normalise ? "" : "none";
    const [view, q, key, radius] = state.normalise ? [near, q1, k1, 0.35] : [wide, state.query, k, 0.9];
    const degrees = angle(q, key);
    const side = q[0] * key[1] < q[1] * key[0] ? 1 : -1; // each name stands on the side that the other arrow is not on
    const arrows = [arrow(view.to, q, "ak-query", "q", side), arrow(view.to, key, "ak-key", "k", -side)];
    view.layer.replaceChildren(...(degrees === null ? [] : [arc(view.to, q, key, radius)]), ...arrows);
    const label = degrees === null ? "no angle" : `an angle of ${format(degrees, 0)} degrees`;
    const [product, cos] = [dot(q, key), cosine(q, key)];
    view.element.setAttribute("aria-label", `A query and a key in the plane with ${label} between them: dot product ${format(product, 2)}, cosine ${format(cos, 2)}.`);
    handles.forEach((handle, i) => {
      const [x, y] = wide.to([state.query, k][i]);
      handle.setAttribute("cx", x);
      handle.setAttribute("cy", y);
    });

    shown.update([product, cos, degrees === null ? null : `${format(degrees, 1)}°`, norm(q), norm(key)]);
    details.update(table(state));
  });
}

export default { render };
