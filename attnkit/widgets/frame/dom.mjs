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
  const element = h("label", { class: `ak-slider ${kind}` }, name, now, input);
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
  const groups = new Map([[undefined, input]]);
  for (const [value, text, group] of options) {
    if (!groups.has(group)) {
      groups.set(group, h("optgroup", { label: group }));
      input.append(groups.get(group));
    }
    groups.get(group).append(h("option", { value }, text));
  }
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
  const element = h("details", { class: "ak-numbers", ontoggle: draw }, h("summary", {}, "Numbers"));
  let current = null;
  function draw() {
    if (!element.open || current === null) return;
    if (!box.parentNode) element.append(box);
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

/** A coordinate plane over two ranges, with equal units. `to(point)` gives pixels, `from(event)` the point under a pointer. */
export function plane(xs, ys, { size = 250 } = {}) {
  const spans = [xs[1] - xs[0], ys[1] - ys[0]];
  const unit = size / Math.max(...spans);
  const [width, height] = spans.map((span) => span * unit);
  const to = ([x, y]) => [(x - xs[0]) * unit, (ys[1] - y) * unit];
  const step = Math.max(...spans) < 3.5 ? 0.5 : 1;
  const lines = [];
  // The numbers stand outside the drawing's box, in the room that frame.css leaves: nothing drawn inside covers them.
  const rule = (i, at, text) => {
    lines.push(s("line", { class: i === 0 ? "ak-axis" : "ak-grid", ...at }));
    if (Number.isInteger(i)) lines.push(s("text", { class: "ak-tick", ...text }, format(i, 0)));
  };
  for (let i = Math.ceil(xs[0] / step) * step; i <= xs[1]; i += step) {
    const [x] = to([i, 0]);
    rule(i, { x1: x, x2: x, y1: 0, y2: height }, { x, y: height + 15, "text-anchor": "middle" });
  }
  for (let i = Math.ceil(ys[0] / step) * step; i <= ys[1]; i += step) {
    const [, y] = to([0, i]);
    rule(i, { x1: 0, x2: width, y1: y, y2: y }, { x: -7, y: y + 4, "text-anchor": "end" });
  }
  const layer = s("g");
  const element = s("svg", { viewBox: `0 0 ${width} ${height}`, class: "ak-plane", role: "img" }, ...lines, layer);
  element.style.maxWidth = `${Math.round(1.2 * width)}px`;
  function from(event) {
    const box = element.getBoundingClientRect();
    return [xs[0] + ((event.clientX - box.left) / box.width) * spans[0], ys[1] - ((event.clientY - box.top) / box.height) * spans[1]];
  }
  return { element, layer, to, from };
}

/** An arrow from the origin with a name beyond its tip, `side` 1 to its left and −1 to its right. */
export function arrow(to, point, kind, name, side) {
  const [x0, y0] = to([0, 0]);
  const [x1, y1] = to(point);
  const length = Math.hypot(x1 - x0, y1 - y0);
  const [ux, uy] = length < 1 ? [0, -1] : [(x1 - x0) / length, (y1 - y0) / length];
  const [lx, ly] = [x1 + 17 * ux + 11 * side * uy, y1 + 17 * uy - 11 * side * ux];
  const text = s("text", { x: lx, y: ly + 5, "text-anchor": "middle" }, name);
  if (length < 1) return s("g", { class: `ak-arrow ${kind}` }, s("circle", { cx: x0, cy: y0, r: 4 }), text);
  const head = Math.min(12, length);
  const [bx, by] = [x1 - head * ux, y1 - head * uy];
  const tip = [[x1, y1], [bx - 0.45 * head * uy, by + 0.45 * head * ux], [bx + 0.45 * head * uy, by - 0.45 * head * ux]];
  return s(
    "g",
    { class: `ak-arrow ${kind}` },
    s("line", { x1: x0, y1: y0, x2: bx, y2: by }),
    s("polygon", { points: tip.map((p) => p.join()).join(" ") }),
    text,
  );
}

/** Let `handle` be dragged by mouse, pen or finger; the sliders do the same from the keyboard. */
export function draggable(handle, from, move) {
  handle.classList.add("ak-handle");
  // touch-action alone does not keep Chromium from scrolling when a finger starts on a part of an SVG.
  handle.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  handle.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener("pointermove", (event) => {
    if (handle.hasPointerCapture(event.pointerId)) move(from(event));
  });
}

/** Horizontal bars between their names and their numbers; `kind` is a class that colours them. */
export function bars(kind) {
  const element = h("div", { class: `ak-bars ${kind}`, role: "img" });
  return {
    element,
    update({ label, names, values }) {
      element.setAttribute("aria-label", label);
      element.replaceChildren(
        ...values.flatMap((value, i) => [
          h("span", { class: "ak-bar-name" }, names[i]),
          h("span", { class: "ak-bar" }, h("span", { style: `width: ${100 * value}%` })),
          h("span", { class: "ak-bar-value" }, format(value)),
        ]),
      );
    },
  };
}

function clip(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** Call `redraw` whenever the page turns light or dark; returns the function that ends it. */
function onTheme(redraw) {
  const observer = new MutationObserver(redraw);
  for (const element of [document.documentElement, document.body]) observer.observe(element, { attributes: true });
  return () => observer.disconnect();
}

/** The map as 201 pixels, from −100 % to 100 %: `probe` must stand in the page, where the colours have their values. */
function mapPixels(probe) {
  const canvas = h("canvas", { width: 201, height: 1 });
  const brush = canvas.getContext("2d");
  for (let i = 0; i <= 200; i++) {
    probe.style.color = mapColour((i - 100) / 100);
    brush.fillStyle = getComputedStyle(probe).color;
    brush.fillRect(i, 0, 1, 1);
  }
  return new Uint32Array(brush.getImageData(0, 0, 201, 1).data.buffer);
}

/**
 * A heatmap whose cells can be read out by hovering, tapping or with the arrow keys.
 * The cells are the pixels of a small canvas, because a thousand SVG rectangles do not fit into a frame;
 * words, numbers and the cursor are SVG above it.
 */
export function heatmap({ name, describe }) {
  const cell = 38;
  const pixels = h("canvas", { class: "ak-pixels" });
  const svg = s("svg", { class: "ak-heatmap", role: "img" });
  const map = h("div", { class: "ak-map" }, pixels, svg);
  const readout = h("p", { class: "ak-readout", "aria-live": "polite" }, "Hover, tap, or press the arrow keys to read a cell.");
  const focus = h("div", { class: "ak-scroll", tabindex: 0, role: "group", "aria-label": `${name}: the arrow keys read a cell`, onkeydown: key }, map);
  const cursor = s("rect", { class: "ak-cursor", width: cell, height: cell, visibility: "hidden" });
  const layer = s("g", { class: "ak-marks" });
  let [texts, data, at, shape, top, left, colours] = [[], null, null, "", 0, 0, null];

  svg.addEventListener("pointermove", (event) => point(event, false));
  svg.addEventListener("pointerdown", (event) => point(event, true));
  const stop = onTheme(() => {
    colours = null;
    paint();
  });
  // A widget is made before it stands in its page, and colours have no values there: paint when it gets its place.
  const placed = new ResizeObserver(() => colours ?? paint());
  placed.observe(pixels);

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

  /** Make everything that does not move: words, lines between the cells, and an empty text for each cell. */
  function make() {
    const { rows, columns } = data;
    // The room for the words, from the width of letters in a wide font; a slanted word may lean out over the last column.
    const [across, slanted] = [rows, columns].map((words) => words.map((word) => 8.8 * clip(word, 12).length));
    left = Math.max(...across) + 10;
    top = 0.77 * Math.max(...slanted) + 20;
    const right = Math.max(4, ...slanted.map((length, column) => 0.64 * length + 10 + (column + 0.5 - columns.length) * cell));
    const [wide, high] = [columns.length * cell, rows.length * cell];
    const [width, height] = [left + wide + right, top + high + 2];
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    map.style.minWidth = `${0.85 * width}px`;
    map.style.maxWidth = `${1.2 * width}px`;
    [pixels.width, pixels.height] = [columns.length, rows.length];
    const share = (part, whole) => `${(100 * part) / whole}%`;
    Object.assign(pixels.style, { left: share(left, width), width: share(wide, width), top: share(top, height), height: share(high, height) });

    const written = columns.length <= 12; // more numbers than that cannot be read
    const place = (row, column) => ({ x: left + (column + 0.5) * cell, y: top + row * cell + cell / 2 + 4 });
    texts = written ? rows.map((_, row) => columns.map((_, column) => s("text", { ...place(row, column), class: "ak-cell" }))) : [];
    const lines = [
      ...rows.map((_, row) => `M${left} ${top + row * cell}h${wide}`),
      ...columns.map((_, column) => `M${left + column * cell} ${top}v${high}`),
    ];
    svg.replaceChildren(
      ...rows.map((text, row) => s("text", { x: left - 8, y: top + row * cell + cell / 2 + 4, "text-anchor": "end", class: "ak-query" }, clip(text, 12))),
      ...columns.map((text, column) => s("text", { transform: `translate(${left + column * cell + cell / 2 + 4} ${top - 8}) rotate(-50)`, class: "ak-key" }, clip(text, 12))),
      ...(written ? [s("path", { class: "ak-lines", d: lines.join("") })] : []),
      ...texts.flat(),
      layer,
      cursor,
    );
    at = null;
    cursor.setAttribute("visibility", "hidden");
  }

  /** The outline of a mark: a square for a sure link, a ring for a possible one, a frame around a whole row. */
  function outline({ kind, row, column }) {
    const [x, y] = [left + (column ?? 0) * cell, top + row * cell];
    const wide = kind === "row" ? data.columns.length * cell : cell;
    const inset = kind === "row" ? 0 : 2.5;
    const [across, down] = [wide - 2 * inset, cell - 2 * inset];
    const d =
      kind === "possible"
        ? `M${x + inset} ${y + cell / 2}a${across / 2} ${across / 2} 0 1 0 ${across} 0a${across / 2} ${across / 2} 0 1 0 ${-across} 0`
        : `M${x + inset} ${y + inset}h${across}v${down}h${-across}z`;
    return ["ak-rim", "ak-outline"].map((half) => s("path", { class: half, d }));
  }

  function paint() {
    if (data === null || !pixels.isConnected) return;
    colours ??= mapPixels(pixels);
    const { values, columns, largest } = data;
    const brush = pixels.getContext("2d");
    const image = brush.createImageData(pixels.width, pixels.height);
    const cells = new Uint32Array(image.data.buffer);
    const digits = largest < 10 ? 2 : 1;
    values.forEach((line, row) =>
      line.forEach((value, column) => {
        const share = value === -Infinity ? 0 : Math.round((100 * value) / largest); // −∞ is masked, and no depth of colour
        cells[row * columns.length + column] = colours[100 + Math.max(-100, Math.min(100, share))];
        const text = texts[row]?.[column];
        if (!text) return;
        text.style.fill = onMap(share / 100);
        text.textContent = format(value, digits);
      }),
    );
    brush.putImageData(image, 0, 0);
  }

  return {
    element: h("div", { class: "ak-heatmap-box" }, focus, readout),
    end() {
      stop();
      placed.disconnect();
    },
    /**
     * `values` is a matrix; `largest` is the magnitude that gets the full colour.
     * `marks` are drawn over it, told apart by shape: each a `kind` ("sure", "possible" or "row"), a row and a column.
     */
    update({ label, ...given }) {
      data = given;
      const wanted = JSON.stringify([data.rows, data.columns]);
      if (wanted !== shape) make();
      shape = wanted;
      svg.setAttribute("aria-label", label);
      layer.replaceChildren(...(data.marks ?? []).flatMap(outline));
      paint();
      show();
    },
  };
}
