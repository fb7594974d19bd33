// One sentence through many trained translators: each with its own score, its own wiring or its own window.

import { format, h, heatmap, lay, numbers, put, read, results, s, select, watch } from "../frame/dom.mjs";
import { localWindow } from "../frame/maths.mjs";
import { lookUp, tokenise } from "../frame/checkpoint.mjs";
import { nameOf, picker, strangersIn } from "../frame/sentence.mjs";
import { Seq2Seq } from "../frame/seq2seq.mjs";
import { translators } from "../frame/weights.mjs";

const NAMES = ["sentence", "model", "models", "facts", "examples"];

/** What a translator makes of the sentence: words on both sides, and each step's `weights` and `centre`. */
function compute({ sentence }, translator) {
  const source = lookUp(translator.source, tokenise(sentence));
  const { words, ended, steps } = translator.translate(source.map(({ word }) => word));
  const reach = translator.config.window === "global" ? null : translator.config.half_width;
  return { columns: source.map(nameOf), words, ended, strangers: strangersIn(source), reach, steps: steps.slice(0, words.length) };
}

function tabled({ model, facts }, { columns, words, steps, reach }) {
  return {
    caption: `${facts[model].about}: weights, a row for each word written`,
    columns: ["", ...columns, "sum", ...(reach === null ? [] : ["centre, from 0"])],
    rows: steps.map(({ weights, centre }, i) => [words[i], ...weights, weights.reduce((a, b) => a + b, 0), ...(reach === null ? [] : [centre])]),
  };
}

/** `arrived` are the translators of all `models`, in their order. */
export function table(state, ...arrived) {
  return tabled(state, compute(state, arrived[state.models.indexOf(state.model)]));
}

/** Each row's window as a box, and its centre as a mark below, in a drawing with one unit a cell. */
function windows({ columns, steps, reach }) {
  const rows = localWindow(steps.map(({ centre }) => centre), columns.length, reach);
  return rows.flatMap((inside, row) => {
    const [first, last] = [inside.indexOf(true), inside.lastIndexOf(true)];
    if (first < 0) return []; // the window has left the sentence
    const middle = Math.min(columns.length, steps[row].centre + 0.5);
    return [s("rect", { x: first + 0.03, y: row + 0.03, width: last - first + 0.94, height: 0.94 }), s("path", { d: `M${middle} ${row + 0.72}l.15 .25h-.3z` })];
  });
}

function render({ model, el }) {
  const { models, facts, examples } = read(model, NAMES);
  const arrived = new Map();
  let [now, waiting, awaited] = [null, null, null];

  const which = select({ label: "model", options: models.map((name) => [name, facts[name].about, facts[name].group]), change: (value) => put(model, "model", value) });
  const chooser = picker({ sentences: examples.map(([english]) => english), on: "input", take: (text) => put(model, "sentence", text) });
  const measured = results(["BLEU", "AER"]);
  const wanted = h("p", { lang: "es" });
  const said = h("ul", { class: "ak-said" });
  const notes = h("p", { class: "ak-label" });
  const details = numbers();
  const map = heatmap({
    name: "Weights",
    describe(row, column) {
      const { weights, centre } = now.steps[row];
      const where = now.reach === null ? "" : `; its window reaches ${now.reach} to each side of ${format(centre, 2)}, where 0 is the first word`;
      return `“${now.words[row]}” looks at “${now.columns[column]}” with weight ${format(weights[column])}${where}`;
    },
  });
  const outline = s("svg", { class: "ak-windows", "aria-hidden": "true" });
  map.element.querySelector(".ak-map").append(outline);
  const place = h("div");
  const shown = h("div", { hidden: true }, said, wanted, map.element, notes, details.element);

  lay(el, "stack", { sentence: chooser.elements, controls: [which.element, measured.element], below: [place, shown] });

  function bring(name) {
    shown.hidden = true;
    if (awaited === name) return;
    waiting?.end();
    awaited = name;
    waiting = translators({
      model,
      names: [name],
      architectures: [Seq2Seq],
      ready(translator) {
        arrived.set(name, translator);
        awaited = null;
        draw();
      },
    });
    place.replaceChildren(waiting.element);
  }

  function draw() {
    const state = read(model, NAMES);
    const { sentence } = state;
    which.update(state.model);
    measured.update([facts[state.model].bleu, facts[state.model].aer]);
    const example = examples.find(([english]) => english === sentence);
    chooser.update(sentence);
    if (!arrived.has(state.model)) return bring(state.model);

    place.replaceChildren();
    shown.hidden = false;
    now = compute(state, arrived.get(state.model));
    const lines = models.filter((name) => arrived.has(name)).map((name) => {
      const { words, ended } = name === state.model ? now : compute(state, arrived.get(name));
      const text = words.join(" ");
      const verdict = !example ? "" : text === example[1] ? "\u00a0✓" : "\u00a0✗";
      return h("li", name === state.model ? { "aria-current": "true" } : {}, h("span", { class: "ak-name" }, `${facts[name].about}: `), h("span", { lang: "es" }, text || "—"), ended ? "" : " … (cut here)", verdict);
    });
    said.replaceChildren(...lines);
    wanted.textContent = example ? `The right translation (✓): ${example[1]}` : "";
    notes.textContent = now.strangers;
    details.update(tabled(state, now));
    map.element.hidden = now.words.length === 0;
    if (map.element.hidden) return;
    const label = `Where each word of “${now.words.join(" ")}” looks.${now.reach === null ? "" : " A box is the window, a triangle its centre."}`;
    map.update({ values: now.steps.map(({ weights }) => weights), rows: now.words, columns: now.columns, largest: 1, label });
    outline.style.cssText = map.element.querySelector(".ak-pixels").style.cssText;
    outline.setAttribute("viewBox", `0 0 ${now.columns.length} ${now.words.length}`);
    outline.replaceChildren(...(now.reach === null ? [] : windows(now)));
  }

  const stop = watch(model, NAMES, draw);
  return () => {
    stop();
    waiting?.end();
    map.end();
  };
}

export default { render };
