// A question to answer before anything is shown; every answer, right or wrong, gets its reason.

import { button, h, put, read, watch } from "../frame/dom.mjs";

const NAMES = ["question", "answers", "chosen"];
let groups = 0; // radio buttons belong together by name, and two questions on a page must not share one

export function table({ question, answers }) {
  return {
    caption: question,
    columns: ["answer", "verdict", "reason"],
    rows: answers.map(([text, reason, right]) => [text, right ? "right" : "wrong", reason]),
  };
}

function render({ model, el }) {
  const frame = h("div", { class: "ak-frame ak-predict" });
  el.classList.add("attnkit");
  el.replaceChildren(frame);
  const group = `ak-predict-${groups++}-${Math.random().toString(36).slice(2)}`;
  let picked = null;

  return watch(model, NAMES, () => {
    const { question, answers, chosen } = read(model, NAMES);
    const done = chosen !== null;
    const commit = button("This is my answer", () => put(model, "chosen", picked));
    commit.disabled = picked === null;

    const lines = answers.map(([text, reason, right], i) => {
      const pick = () => {
        picked = i;
        commit.disabled = false;
      };
      const input = h("input", { type: "radio", name: group, onchange: pick, disabled: done, checked: i === (done ? chosen : picked) });
      const verdict = `${i === chosen ? (right ? "✓ Yours, and right. " : "✗ Yours. ") : right ? "✓ Right. " : ""}`;
      const why = done ? [h("p", { class: "ak-reason" }, h("strong", {}, verdict), reason)] : [];
      return h("div", { class: done && right ? "ak-answer ak-right" : "ak-answer" }, h("label", {}, input, h("span", {}, text)), ...why);
    });

    const again = button("Ask me again", () => {
      picked = null;
      put(model, "chosen", null);
      frame.querySelector("input").focus();
    });
    const status = h("p", { class: "ak-verdict", role: "status" });
    frame.replaceChildren(h("fieldset", {}, h("legend", {}, question), ...lines), status, done ? again : commit);
    // Written after it stands in the page, so that a screen reader says it.
    if (done) status.textContent = answers[chosen][2] ? "Right." : "Not quite: read why.";
    if (done && picked !== null) again.focus();
  });
}

export default { render };
