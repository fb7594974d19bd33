// The static host: finds the figures that Python has written into the page and mounts their widgets on them.
// There is no kernel here, so this model is a plain object with the five methods that a widget uses.

function staticModel(state) {
  const listeners = new Map();
  return {
    get: (name) => state[name],
    set(name, value) {
      state[name] = value;
      for (const listener of listeners.get(`change:${name}`) ?? []) listener();
    },
    on(event, listener) {
      if (!listeners.has(event)) listeners.set(event, new Set());
      listeners.get(event).add(listener);
    },
    off(event, listener) {
      listeners.get(event)?.delete(listener);
    },
    save_changes() {},
  };
}

function mount(figure) {
  const state = JSON.parse(figure.querySelector("script.ak-state").textContent);
  const live = document.createElement("div");
  widgets[figure.dataset.widget].render({ model: staticModel(state), el: live });
  figure.querySelector(".ak-static").replaceWith(...live.childNodes);
}

// While the page is still being read, a figure is whole as soon as anything stands behind it.
function whole(node) {
  while (node && !node.nextSibling) node = node.parentNode;
  return node !== null || document.readyState !== "loading";
}

const tried = new WeakSet();

function mountAll() {
  for (const figure of document.querySelectorAll("figure.attnkit[data-widget]:not([data-live])")) {
    if (tried.has(figure) || !whole(figure)) continue;
    tried.add(figure);
    try {
      mount(figure);
      figure.dataset.live = "";
    } catch (error) {
      // A widget that fails leaves its picture, and the others their turn.
      console.error(error);
    }
  }
}

// A chapter is long, so each widget comes to life as soon as it has arrived, not when the last line has.
const reading = new MutationObserver(mountAll);
if (document.readyState === "loading") reading.observe(document, { childList: true, subtree: true });
document.addEventListener("DOMContentLoaded", () => {
  reading.disconnect();
  mountAll();
});
mountAll();
