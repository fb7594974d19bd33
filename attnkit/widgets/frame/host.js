// The static host: finds the figures that Python has written into the page and mounts their widgets on them.
// There is no kernel here, so this model is a plain object with the methods that a widget uses.

// A script that is inline has no address; then the weights stand beside the page.
const weightsFolder = new URL("weights/", document.currentScript.src || document.baseURI);

function staticModel(state) {
  const listeners = new Map();
  const tell = (event, ...told) => {
    for (const listener of listeners.get(event) ?? []) listener(...told);
  };
  return {
    get: (name) => state[name],
    set(name, value) {
      state[name] = value;
      tell(`change:${name}`);
    },
    on(event, listener) {
      if (!listeners.has(event)) listeners.set(event, new Set());
      listeners.get(event).add(listener);
    },
    off(event, listener) {
      listeners.get(event)?.delete(listener);
    },
    save_changes() {},
    // The one message there is: a widget asks for weights. In a notebook the kernel answers it.
    send({ weights }) {
      bytesOf(weights).then(
        (bytes) => tell("msg:custom", { weights }, [bytes]),
        (error) => tell("msg:custom", { weights, error: error.message }),
      );
    },
  };
}

/** Weights come as classic scripts, because no other request works from file://; bundle.py writes `weightsVersions`. */
async function bytesOf(name) {
  const script = document.createElement("script");
  script.src = new URL(`${name}.js?v=${weightsVersions[name]}`, weightsFolder);
  const loaded = new Promise((...heard) => ([script.onload, script.onerror] = heard));
  document.head.append(script);
  try {
    await loaded;
    const letters = atob(window.attnkitWeights[name]);
    delete window.attnkitWeights[name];
    const bytes = new Uint8Array(letters.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i);
    return bytes;
  } catch {
    throw new Error("The translator's weights could not be loaded. Are you online?");
  }
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
