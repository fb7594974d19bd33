// The heads of an attention that was computed elsewhere, side by side and one over the other.

import { checkbox, format, h, heatmap, lay, mapColour, numbers, put, read, s, select, slider, watch } from "../frame/dom.mjs";

const NAMES = ["tokens", "queries", "shape", "packed", "layer", "head", "sentence", "query", "overlaid"];
const PAGE = 32; // rows that the large map and the table show at a time
const STEPS = 60000; // a weight is kept as so many parts of 1, in two bytes
const SHADES = 10;
// A head is told by its place; these hues only help, and begin again after the last.
const HUES = ["query", "key", "value", "output", "weight", "muted"];

/** The weights of each head of the chosen layer and sentence: [head][query][key]. */
function shown({ tokens, queries, shape: [, batch, heads], packed, layer, sentence }) {
  const [nQueries, nKeys] = [queries[0].length, tokens[0].length];
  const size = nQueries * nKeys;
  const letters = atob(packed);
  const weight = (at) => (letters.charCodeAt(2 * at) + 256 * letters.charCodeAt(2 * at + 1)) / STEPS;
  return Array.from({ length: heads }, (_, head) => {
    const start = ((layer * batch + sentence) * heads + head) * size;
    return Array.from({ length: nQueries }, (_, i) => Array.from({ length: nKeys }, (_, j) => weight(start + i * nKeys + j)));
  });
}

const onPage = ({ query }) => PAGE * Math.floor(query / PAGE);

function tableOf(state, maps) {
  const { tokens, queries, layer, head, sentence, query } = state;
  const [words, first] = [queries[sentence], onPage(state)];
  return {
    caption: `Weights of layer ${layer}, head ${head}, a row for each token that looks; then of every head from token ${query}`,
    columns: ["", ...tokens[sentence]],
    rows: [
      ...maps[head].slice(first, first + PAGE).map((line, i) => [`${first + i}: ${words[first + i]}`, ...line]),
      ...maps.map((map, number) => [`head ${number}: ${words[query]}`, ...map[query]]),
    ],
  };
}

export function table(state) {
  return tableOf(state, shown(state));
}

const best = (line) => line.indexOf(Math.max(...line));

/** A whole map in little: cells of one shade are one path, so that colours stay the page's. */
function small(values, largest) {
  const shades = Array.from({ length: SHADES + 1 }, () => "");
  values.forEach((line, y) => line.forEach((value, x) => (shades[Math.round((SHADES * value) / largest)] += `M${x} ${y}h1v1h-1z`)));
  return s(
    "svg",
    { viewBox: `0 0 ${values[0].length} ${values.length}`, class: "ak-small", "aria-hidden": "true" },
    ...shades.map((d, shade) => s("path", { d, style: `fill: ${mapColour(shade / SHADES)}` })),
  );
}

/** Where a head has its place in a cell: how many stand side by side, and the middle of its own place. */
function placeOf(head, heads) {
  const across = Math.ceil(Math.sqrt(heads));
  return [across, (head % across) + 0.5, Math.floor(head / across) + 0.5];
}

const hue = (head) => `ak-${HUES[head % HUES.length]}`;

/** Every head as a square in its own place of each cell, as large as its weight. */
function squares(maps, largest) {
  return maps.map((values, head) => {
    const [across, left, top] = placeOf(head, maps.length);
    let d = "";
    values.forEach((line, y) =>
      line.forEach((value, x) => {
        const side = Math.sqrt(value / largest) / across;
        if (value > 0.01 * largest) d += `M${(x + left / across - side / 2).toFixed(3)} ${(y + top / across - side / 2).toFixed(3)}h${side.toFixed(3)}v${side.toFixed(3)}h${(-side).toFixed(3)}z`;
      }),
    );
    return s("path", { class: hue(head), d });
  });
}

/** A head's place in a cell, to read the large map by. */
function key(head, heads) {
  const [across, left, top] = placeOf(head, heads);
  return s("svg", { class: "ak-place", viewBox: `0 0 ${across} ${across}`, "aria-hidden": "true" }, s("rect", { class: hue(head), x: left - 0.5, y: top - 0.5, width: 1, height: 1 }));
}

function render({ model, el }) {
  const [layers, batch, heads] = model.get("shape");
  const change = (name) => (value) => put(model, name, Number(value));
  const counted = (name, size) => (size > 1 ? slider({ label: name, min: 0, max: size - 1, step: 1, show: (x) => `${x}`, change: change(name) }) : null);
  let [maps, state, wanted] = [null, null, ""];

  const sentence = batch > 1 ? select({ label: "sentence", options: model.get("tokens").map((words, i) => [i, `${i}: ${words.slice(0, 8).join(" ")}${words.length > 8 ? " …" : ""}`]), change: change("sentence") }) : null;
  const [layer, head] = [counted("layer", layers), counted("head", heads)];
  const nQueries = model.get("queries")[0].length;
  const word = (i) => state.queries[state.sentence][i];
  const query = nQueries > 1 ? slider({ label: "token that looks", min: 0, max: nQueries - 1, step: 1, kind: "ak-query", show: (i) => `${i}: ${word(i)}`, change: change("query") }) : null;
  const overlaid = heads > 1 ? checkbox({ label: "all heads in one map", change: (on) => put(model, "overlaid", on) }) : null;
  const controls = [sentence, layer, head, query, overlaid].filter((control) => control !== null);

  const gallery = h("div", { class: "ak-gallery", role: "group", "aria-label": "Choose a head" });
  const list = h("ul", { class: "ak-said" });
  const note = h("p", { class: "ak-label" });
  const map = heatmap({
    name: "Weights",
    describe(row, column) {
      const i = onPage(state) + row;
      const told = state.overlaid ? maps.map((values, number) => `head ${number} ${format(values[i][column])}`).join(", ") : `weight ${format(maps[state.head][i][column])}`;
      return `“${word(i)}” looks at “${state.tokens[state.sentence][column]}”: ${told}`;
    },
  });
  const over = s("svg", { class: "ak-heads", preserveAspectRatio: "none" });
  map.element.querySelector(".ak-map").append(over);
  const details = numbers();
  lay(el, "stack", { below: [gallery], controls: controls.map(({ element }) => element), picture: [map.element], last: [note, list, details.element] });

  const stop = watch(model, NAMES, () => {
    state = read(model, NAMES);
    const { tokens, queries } = state;
    const place = [state.packed, state.layer, state.sentence].join();
    if (place !== wanted) maps = shown(state);
    const largest = Math.max(...maps.flat().map((line) => Math.max(...line))) || 1;
    if (place !== wanted && heads > 1)
      gallery.replaceChildren(
        ...maps.map((values, number) => h("button", { type: "button", class: "ak-button", onclick: () => put(model, "head", number) }, small(values, largest), h("span", {}, `head ${number}`))),
      );
    wanted = place;
    [...gallery.children].forEach((one, number) => one.setAttribute("aria-pressed", number === state.head));
    for (const [control, name] of [[sentence, "sentence"], [layer, "layer"], [head, "head"], [query, "query"], [overlaid, "overlaid"]]) control?.update(state[name]);

    const [first, columns] = [onPage(state), tokens[state.sentence]];
    const rows = queries[state.sentence].slice(first, first + PAGE);
    const parts = maps.map((values) => values.slice(first, first + PAGE));
    const values = state.overlaid ? rows.map(() => columns.map(() => 0)) : parts[state.head];
    const said = maps.map((all, number) => `head ${number} on “${columns[best(all[state.query])]}” (${format(Math.max(...all[state.query]), 2)})`);
    const what = state.overlaid ? `${heads} heads` : `head ${state.head}`;
    map.update({ values, rows, columns, largest, marks: [{ kind: "row", row: state.query - first }], label: `Layer ${state.layer}, ${what}: “${word(state.query)}” looks most: ${said.join("; ")}.` });
    map.element.classList.toggle("ak-overlaid", state.overlaid);
    over.style.cssText = map.element.querySelector(".ak-pixels").style.cssText;
    over.setAttribute("viewBox", `0 0 ${columns.length} ${rows.length}`);
    over.replaceChildren(...(state.overlaid ? squares(parts, largest) : []));
    const reading = state.overlaid ? "In each cell every head has a place of its own, row by row; the area of its square is its weight." : `The large map is head ${state.head}.`;
    const part = nQueries > PAGE ? ` It shows tokens ${first} to ${first + rows.length - 1} of ${nQueries}; the slider turns the page.` : "";
    note.textContent = `Layer ${state.layer}. ${reading} Full ${state.overlaid ? "size" : "colour"} is a weight of ${format(largest, 2)}.${part} “${word(state.query)}” looks most:`;
    list.replaceChildren(...said.map((text, number) => h("li", number === state.head ? { "aria-current": "true" } : {}, key(number, heads), text)));
    details.update(tableOf(state, maps));
  });
  return () => {
    stop();
    map.end();
  };
}

export default { render };
