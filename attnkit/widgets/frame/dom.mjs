// What every widget is built from: elements, labelled controls, a table of numbers, a plane, bars and a heatmap.
// Strings become text nodes, never HTML.

const SVG = "http://www.w3.org/2000/svg";
const FLIP = 0.6; // as in palette.py

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** An HTML element: `h("p", { class: "note", onclick }, "text", child)`. */
export function h(tag, attributes = {}, ...children) {
  return build(document.createElement(tag), attributes, children);
}

/** An SVG element, in the same way. */
export function s(tag, attributes = {}, ...children) {
  return build(document.createElementNS(SVG, tag), attributes, children);
}

/** A number as the reader sees it: three decimals, a real minus sign, no "−0.000". */
export function format(x, digits = 3) {
  if (typeof x === "string") return x;
  if (x === null) return "—";
  if (x === -Infinity) return "−∞";
  const text = Math.abs(x).toFixed(digits);
  return x < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** Write a value into the model and send it to the kernel, where there is one. */
export function put(model, name, value) {
  model.set(name, value);
  model.save_changes();
}

/** Call `redraw` now and whenever one of the names changes; returns the function that ends it. */
export function watch(model, names, redraw) {
  for (const name of names) model.on(`change:${name}`, redraw);
  redraw();
  return () => names.forEach((name) => model.off(`change:${name}`, redraw));
}

/** The state of the model as a plain object. */
export function read(model, names) {
  return Object.fromEntries(names.map((name) => [name, model.get(name)]));
}

/* Controls: native inputs inside their labels, so that no ids are needed and two copies never collide. */

/** A labelled range input with its current value beside it. `show` turns the position into text. */
export function slider({ label, min, max, step, show = (x) => format(x, 1), kind = "", change }) {
  const input = h("input", { type: "range", min, max, step, oninput: () => change(Number(input.value)) });
  const now = h("span", { class: "ak-now" });
  const name = h("span", { class: "ak-name" }, label);
  const element = h("label", { class: `ak-slider ${kind}` }, name, input, now);
  return {
    element,
    input,
    update(value, text = label) {
      input.value = value;
      name.textContent = text;
      now.textContent = show(value);
      input.setAttribute("aria-valuetext", show(value));
    },
  };
}

export function select({ label, options, change }) {
  const input = h("select", { onchange: () => change(input.value) });
  for (const [value, text] of options) input.append(h("option", { value }, text));
  const element = h("label", { class: "ak-select" }, h("span", { class: "ak-name" }, label), input);
  return { element, update: (value) => (input.value = value) };
}

export function checkbox({ label, change }) {
  const input = h("input", { type: "checkbox", onchange: () => change(input.checked) });
  const element = h("label", { class: "ak-checkbox" }, input, h("span", {}, label));
  return { element, update: (value) => (input.checked = value) };
}

export function button(label, press) {
  return h("button", { type: "button", class: "ak-button", onclick: press }, label);
}

/** A row of named results, the numbers to watch. */
export function results(names) {
  const cells = names.map(() => h("dd"));
  const element = h("dl", { class: "ak-results" }, ...names.map((name, i) => h("div", {}, h("dt", {}, name), cells[i])));
  return { element, update: (values) => values.forEach((value, i) => (cells[i].textContent = format(value))) };
}

/** The numbers behind the picture as a table in a <details>; drawn only while it is open. */
export function numbers() {
  const table = h("table");
  // A box that may scroll must be reachable from the keyboard.
  const box = h("div", { class: "ak-scroll", tabindex: 0, role: "group", "aria-label": "Numbers" }, table);
  const element = h("details", { class: "ak-numbers", ontoggle: draw }, h("summary", {}, "Numbers"), box);
  let current = null;
  function draw() {
    if (!element.open || current === null) return;
    const { caption, columns, rows } = current;
    table.replaceChildren(
      h("caption", {}, caption),
      h("thead", {}, h("tr", {}, ...columns.map((column) => (column ? h("th", { scope: "col" }, column) : h("td"))))),
      h("tbody", {}, ...rows.map(([head, ...cells]) => h("tr", {}, h("th", { scope: "row" }, head), ...cells.map((cell) => h("td", {}, format(cell)))))),
    );
  }
  return {
    element,
    update(data) {
      current = data;
      draw();
    },
  };
}

/** The frame of a widget: picture and controls side by side ("split") or one above the other ("stack"), the rest below. */
export function lay(el, form, parts) {
  el.classList.add("attnkit");
  const boxes = Object.entries(parts).map(([name, children]) => h("div", { class: `ak-${name}` }, ...children));
  el.replaceChildren(h("div", { class: `ak-frame ak-${form}` }, ...boxes));
}

/* Pictures */

/** A fill on the map from low to high (and from low to negative below zero); `share` runs from −1 to 1. */
export function mapColour(share) {
  const end = share < 0 ? "negative" : "high";
  return `color-mix(in oklab, var(--ak-low), var(--ak-${end}) ${Math.round(100 * Math.min(1, Math.abs(share)))}%)`;
}

/** Text that can be read on such a fill. */
export function onMap(share) {
  return Math.abs(share) >= FLIP ? "var(--ak-on-high)" : "var(--ak-on-low)";
}

/** A coordinate plane from −range to range. `to(point)` gives pixels, `from(event)` the point under a pointer. */
export function plane(range, { size = 340 } = {}) {
  const unit = size / (2 * range);
  const to = ([x, y]) => [size / 2 + x * unit, size / 2 - y * unit];
  const lines = [];
  for (let i = -Math.floor(range); i <= range; i++) {
    const kind = i === 0 ? "ak-axis" : "ak-grid";
    const [p] = to([i, 0]);
    lines.push(s("line", { class: kind, x1: p, x2: p, y1: 0, y2: size }), s("line", { class: kind, x1: 0, x2: size, y1: p, y2: p }));
  }
  const layer = s("g");
  const element = s("svg", { viewBox: `0 0 ${size} ${size}`, class: "ak-plane", role: "img" }, ...lines, layer);
  function from(event) {
    const box = element.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * 2 * range - range;
    const y = range - ((event.clientY - box.top) / box.height) * 2 * range;
    return [x, y];
  }
  return { element, layer, to, from };
}

/** An arrow from the origin with a name at its tip. */
export function arrow(to, point, kind, name) {
  const [x0, y0] = to([0, 0]);
  const [x1, y1] = to(point);
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (length < 1) return s("g", { class: `ak-arrow ${kind}` }, s("circle", { cx: x0, cy: y0, r: 4 }), s("text", { x: x0 + 8, y: y0 - 8 }, name));
  const [ux, uy] = [(x1 - x0) / length, (y1 - y0) / length];
  const head = Math.min(12, length);
  const [bx, by] = [x1 - head * ux, y1 - head * uy];
  const tip = [[x1, y1], [bx - 0.45 * head * uy, by + 0.45 * head * ux], [bx + 0.45 * head * uy, by - 0.45 * head * ux]];
  return s(
    "g",
    { class: `ak-arrow ${kind}` },
    s("line", { x1: x0, y1: y0, x2: bx, y2: by }),
    s("polygon", { points: tip.map((p) => p.join()).join(" ") }),
    s("text", { x: x1 + 14 * ux, y: y1 + 14 * uy + 5, "text-anchor": "middle" }, name),
  );
}

/** Let `handle` be dragged by mouse, pen or finger; the sliders do the same from the keyboard. */
export function draggable(handle, from, move) {
  handle.classList.add("ak-handle");
  handle.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener("pointermove", (event) => {
    if (handle.hasPointerCapture(event.pointerId)) move(from(event));
  });
}

/** Horizontal bars with a label on the left and the number on the right; `kind` is a class that colours them. */
export function bars(kind) {
  const [width, row, left, right] = [340, 30, 92, 60];
  const element = s("svg", { class: `ak-bars ${kind}`, role: "img" });
  return {
    element,
    update({ label, names, values, largest = 1 }) {
      element.setAttribute("viewBox", `0 0 ${width} ${row * values.length}`);
      element.setAttribute("aria-label", label);
      element.replaceChildren(
        ...values.map((value, i) => {
          const length = ((width - left - right) * Math.max(0, value)) / largest;
          const middle = row * i + row / 2;
          return s(
            "g",
            {},
            s("text", { x: left - 10, y: middle + 5, "text-anchor": "end", class: "ak-bar-name" }, clip(names[i], 14)),
            s("line", { x1: left, x2: width - right, y1: middle, y2: middle, class: "ak-grid" }),
            s("rect", { x: left, y: row * i + 5, width: length, height: row - 10, rx: 2 }),
            s("text", { x: left + length + 8, y: middle + 5, class: "ak-bar-value" }, format(value)),
          );
        }),
      );
    },
  };
}

function clip(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/**
 * A heatmap whose cells can be read out by hovering, tapping or with the arrow keys.
 * Cells are made once and only recoloured, so that a slider's tick costs little.
 */
export function heatmap({ name, describe }) {
  const [cell, top, left] = [44, 84, 96];
  const svg = s("svg", { class: "ak-heatmap", role: "img" });
  const readout = h("p", { class: "ak-readout", "aria-live": "polite" }, "Hover, tap, or press the arrow keys to read a cell.");
  const focus = h("div", { class: "ak-scroll", tabindex: 0, role: "group", "aria-label": `${name}: the arrow keys read a cell`, onkeydown: key }, svg);
  const cursor = s("rect", { class: "ak-cursor", width: cell, height: cell, visibility: "hidden" });
  let [cells, data, at, shape] = [[], null, null, ""];

  svg.addEventListener("pointermove", (event) => point(event, false));
  svg.addEventListener("pointerdown", (event) => point(event, true));

  function point(event, tapped) {
    if (event.pointerType !== "mouse" && !tapped) return;
    const box = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.width / box.width;
    const row = Math.floor(((event.clientY - box.top) * scale - top) / cell);
    const column = Math.floor(((event.clientX - box.left) * scale - left) / cell);
    if (row >= 0 && column >= 0 && row < data.rows.length && column < data.columns.length) go([row, column]);
  }

  function key(event) {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const last = [data.rows.length - 1, data.columns.length - 1];
    go(at === null ? [0, 0] : at.map((index, axis) => Math.max(0, Math.min(last[axis], index + step[axis]))));
  }

  function go(to) {
    if (at !== null && at[0] === to[0] && at[1] === to[1]) return;
    at = to;
    show();
  }

  function show() {
    if (at === null) return;
    const [row, column] = at;
    cursor.setAttribute("x", left + column * cell);
    cursor.setAttribute("y", top + row * cell);
    cursor.setAttribute("visibility", "visible");
    const text = describe(row, column);
    if (readout.textContent !== text) readout.textContent = text;
  }

  function make() {
    const { rows, columns } = data;
    const [width, height] = [left + columns.length * cell + 8, top + rows.length * cell + 2];
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.style.minWidth = `${Math.min(width, 0.62 * width + 60)}px`;
    svg.style.maxWidth = `${1.25 * width}px`;
    const written = columns.length <= 12;
    cells = rows.flatMap((_, row) =>
      columns.map((_, column) => {
        const [x, y] = [left + column * cell, top + row * cell];
        const rect = s("rect", { x, y, width: cell - 1, height: cell - 1 });
        const text = written ? s("text", { x: x + cell / 2, y: y + cell / 2 + 4, class: "ak-cell" }) : null;
        return { rect, text, share: null };
      }),
    );
    svg.replaceChildren(
      ...rows.map((text, row) => s("text", { x: left - 8, y: top + row * cell + cell / 2 + 4, "text-anchor": "end", class: "ak-query" }, clip(text, 12))),
      ...columns.map((text, column) => s("text", { transform: `translate(${left + column * cell + cell / 2 + 4} ${top - 8}) rotate(-50)`, class: "ak-key" }, clip(text, 12))),
      ...cells.map(({ rect }) => rect),
      ...cells.flatMap(({ text }) => (text ? [text] : [])),
      cursor,
    );
    at = null;
    cursor.setAttribute("visibility", "hidden");
  }

  return {
    element: h("div", { class: "ak-heatmap-box" }, focus, readout),
    /** `values` is a matrix; `largest` is the magnitude that gets the full colour. */
    update({ values, rows, columns, largest, label }) {
      data = { values, rows, columns };
      const wanted = JSON.stringify([rows, columns]);
      if (wanted !== shape) make();
      shape = wanted;
      svg.setAttribute("aria-label", label);
      values.forEach((line, row) =>
        line.forEach((value, column) => {
          const { rect, text, ...known } = cells[row * columns.length + column];
          const share = Math.round((100 * value) / largest) / 100;
          if (share !== known.share) {
            rect.style.fill = mapColour(share);
            if (text) text.style.fill = onMap(share);
            cells[row * columns.length + column].share = share;
          }
          if (text) {
            const written = format(value, 2);
            if (text.textContent !== written) text.textContent = written;
          }
        }),
      );
      show();
    },
  };
}
