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

for (const figure of document.querySelectorAll("figure.attnkit[data-widget]")) {
  const state = JSON.parse(figure.querySelector("script.ak-state").textContent);
  // The static picture stays until the live one stands, so a widget that fails leaves the picture and not a hole.
  const live = document.createElement("div");
  widgets[figure.dataset.widget].render({ model: staticModel(state), el: live });
  figure.querySelector(".ak-static").replaceWith(...live.childNodes);
  figure.dataset.live = "";
}
