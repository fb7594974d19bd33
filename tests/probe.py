"""A widget for tests alone: it runs the golden translators, shipped for the time of a test, and shows what they say."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import traitlets

from attnkit.widgets.frame import bundle, weights
from attnkit.widgets.frame.widget import Table, Widget

ROOT = Path(__file__).parents[1]
MODULE = """import { h } from "../frame/dom.mjs";
import { Seq2Seq } from "../frame/seq2seq.mjs";
import { translators } from "../frame/weights.mjs";

function render({ model, el }) {
  const said = h("p", { class: "said" });
  const sentence = (one) => one.translate(["let's", "go"]).words.join(" ");
  const say = (...found) => (said.textContent = found.map(sentence).join(" | "));
  const waiting = translators({ model, names: model.get("models"), architectures: [Seq2Seq], ready: say });
  el.append(waiting.element, said);
  return waiting.end;
}

export default { render };
"""


def make_probe(monkeypatch, folder: Path) -> type[Widget]:
    """Return the widget's class; ``one`` and ``two`` are the names of the weights that are shipped."""
    cases = json.loads((ROOT / "tests/golden/translators.json").read_text("utf-8"))
    shipped, modules = folder / "shipped", folder / "modules" / "probe"
    shipped.mkdir()
    modules.mkdir(parents=True)
    for name, case in zip(("one", "two"), cases[4:], strict=False):
        (shipped / f"{name}.safetensors").write_bytes(base64.b64decode(case["file"]))
    (modules / "probe.mjs").write_text(MODULE, encoding="utf-8")
    monkeypatch.setattr(weights, "FOLDER", shipped)
    monkeypatch.setattr(bundle, "FOLDER", folder / "modules")

    class Probe(Widget):
        module = "probe/probe"
        models = traitlets.List(["one"]).tag(sync=True)

        def translators(self) -> list[str]:
            return self.models

        def label(self) -> str:
            return "What the translators say."

        def table(self) -> Table:
            return Table("Sentences", ["", "words"], [["models", len(self.models)]])

        def picture(self) -> None:
            return None

    return Probe


def said(place: int) -> str:
    """Return what a shipped translator says to “let's go”, from Python's own answers."""
    cases = json.loads((ROOT / "tests/golden/translators.json").read_text("utf-8"))
    return " ".join(cases[4 + place]["answers"][0]["translation"]["words"])
