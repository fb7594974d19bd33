// How a translator's weights reach a widget: it asks when the reader comes near, and says so while they are on the way.
// The question is a custom message of anywidget. In a notebook the kernel answers it, on a page host.js.

import { readTranslator } from "../frame/checkpoint.mjs";
import { button, h, lay } from "../frame/dom.mjs";

const MARGIN = "800px"; // about a screen ahead
const asked = new Map();

/**
 * The translator of this name; its weights are loaded once, however many ask, and again after a failure.
 * `architectures` as in `readTranslator`.
 */
export function loadTranslator(model, name, architectures) {
  if (!asked.has(name)) {
    const translator = ask(model, name).then((bytes) => readTranslator(bytes, architectures));
    translator.catch(() => asked.delete(name));
    asked.set(name, translator);
  }
  return asked.get(name);
}

function ask(model, name) {
  return new Promise((resolve, reject) => {
    function answer({ weights, error }, buffers) {
      if (weights !== name) return;
      model.off("msg:custom", answer);
      if (error) reject(new Error(error));
      else resolve(new Uint8Array(buffers[0].buffer, buffers[0].byteOffset, buffers[0].byteLength));
    }
    model.on("msg:custom", answer);
    model.send({ weights: name });
  });
}

/**
 * Call `ready` with the translators of these names, once the reader is near and they have arrived.
 * `architectures` are the classes that they are of, as in `readTranslator`.
 * `element` says meanwhile what the reader waits for, or why it failed, with a button to try again; give it a place
 * in the widget. `end` is for the widget's clean-up.
 */
export function translators({ model, names, architectures, ready }) {
  const told = h("p", { role: "status" }, "The translator will be loaded when you come near.");
  const again = button("Try again", load);
  const element = h("div", { class: "ak-loading" }, told);
  const observer = new IntersectionObserver((entries) => entries.some(({ isIntersecting }) => isIntersecting) && load(), { rootMargin: MARGIN });
  let [idle, ended] = [true, false];
  observer.observe(element);

  async function load() {
    if (!idle) return;
    idle = false;
    observer.disconnect();
    told.textContent = "Loading the translator …";
    try {
      const arrived = await Promise.all(names.map((name) => loadTranslator(model, name, architectures)));
      if (ended) return;
      element.remove();
      ready(...arrived);
    } catch (error) {
      told.textContent = error.message;
      if (!again.parentNode) element.append(again); // to append it anew would take the focus away
      idle = true;
    }
  }

  return {
    element,
    end() {
      ended = true;
      observer.disconnect();
    },
  };
}

/**
 * A widget that is empty until its translators have arrived: `show(model, ...arrived)` then returns its `parts`, as
 * `lay` takes them, and its `end`. The whole is what `render` returns.
 */
export function whenArrived({ model, el, names, architectures, show }) {
  let end = () => {};
  const waiting = translators({
    model,
    names,
    architectures,
    ready(...arrived) {
      const shown = show(model, ...arrived);
      ({ end } = shown);
      const full = h("div");
      lay(full, "stack", shown.parts);
      frame.replaceWith(full.firstChild);
    },
  });
  lay(el, "stack", { below: [waiting.element] });
  const frame = el.firstChild; // a page takes it out of `el`
  return () => {
    waiting.end();
    end();
  };
}
