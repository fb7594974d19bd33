"""The names, arrows, pins and stored outputs of this repository are as CONTRIBUTING.md says, and each rule can fail."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests import house

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("rule", house.RULES, ids=lambda rule: rule.__name__)
def test_house(rule):
    assert list(rule(ROOT)) == []


def append(path, text):
    path.write_text(path.read_text("utf-8") + text, encoding="utf-8")


def replace(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def edit_notebook(root, change):
    path = root / "notebooks" / f"{house.chapters(root)[0]}.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    change(notebook, next(cell for cell in notebook["cells"] if cell["cell_type"] == "code"))
    path.write_text(json.dumps(notebook), encoding="utf-8")


VIEW = {"output_type": "display_data", "metadata": {}, "data": {"application/vnd.jupyter.widget-view+json": {}}}
ERROR = {"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []}

# What somebody might do, the rule that must notice, and a part of the sentence that it must say.
TAMPERINGS = {
    "a page is lost": (
        lambda root: (root / "book/notation.md").unlink(),
        house.toc_and_folders_agree,
        "names book/notation",
    ),
    "a notebook is forgotten": (
        lambda root: (root / "notebooks/99_extra.ipynb").write_text("{}"),
        house.toc_and_folders_agree,
        "99_extra.ipynb is not in",
    ),
    "chapters change places": (
        lambda root: (
            replace(root / "_toc.yml", "02_scoring", "swap"),
            replace(root / "_toc.yml", "03_weighted_sum", "02_scoring"),
            replace(root / "_toc.yml", "notebooks/swap", "notebooks/03_weighted_sum"),
        ),
        house.toc_and_folders_agree,
        "must rise",
    ),
    "a module is renamed": (
        lambda root: (root / "attnkit/scoring.py").rename(root / "attnkit/scores.py"),
        house.a_chapter_is_one_slug,
        "no attnkit/scoring.py",
    ),
    "a chapter loses its tests": (
        lambda root: (root / "tests/test_weighted_sum.py").unlink(),
        house.a_chapter_is_one_slug,
        "no tests/test_weighted_sum.py",
    ),
    "a chapter imports a later one": (
        lambda root: append(root / "attnkit/scoring.py", "\nfrom attnkit.weighted_sum import softmax\n"),
        house.imports_point_backwards,
        "imports attnkit.weighted_sum",
    ),
    "a chapter imports figures": (
        lambda root: append(root / "attnkit/weighted_sum.py", "\ndef show():\n    from . import figures\n"),
        house.imports_point_backwards,
        "imports attnkit.figures",
    ),
    "a chapter imports torch": (
        lambda root: append(root / "attnkit/scoring.py", "\nimport torch.nn\n"),
        house.imports_point_backwards,
        "imports torch.nn",
    ),
    "a room stands on air": (
        lambda root: append(root / "attnkit/models/config.py", "\nfrom attnkit.training import Options\n"),
        house.rooms_stand_on_one_another,
        "attnkit/models/config.py imports attnkit.training",
    ),
    "training draws pictures": (
        lambda root: append(root / "attnkit/decoding.py", "\nfrom attnkit import figures\n"),
        house.rooms_stand_on_one_another,
        "imports attnkit.figures",
    ),
    "the package becomes heavy": (
        lambda root: append(root / "attnkit/__init__.py", "\nfrom attnkit import figures\n"),
        house.the_package_is_light,
        "imports attnkit.figures",
    ),
    "a widget loses its Python": (
        lambda root: (root / "attnkit/widgets/scoring/two_vectors.py").unlink(),
        house.widgets_come_in_pairs,
        "two_vectors.mjs has no two_vectors.py",
    ),
    "a widget loses its module": (
        lambda root: (root / "attnkit/widgets/scoring/two_vectors.mjs").unlink(),
        house.widgets_come_in_pairs,
        "two_vectors.py has no two_vectors.mjs",
    ),
    "a module imports a stranger": (
        lambda root: append(root / "attnkit/widgets/scoring/two_vectors.mjs", 'import * as d3 from "d3";\n'),
        house.modules_import_the_frame_only,
        "import * as d3",
    ),
    "a module hands on another's names": (
        lambda root: append(root / "attnkit/widgets/frame/dom.mjs", 'export { dot } from "../frame/maths.mjs";\n'),
        house.modules_import_the_frame_only,
        "frame/dom.mjs",
    ),
    "a stylesheet names a colour": (
        lambda root: append(root / "attnkit/widgets/frame/frame.css", "p { color: #bada55; }\n"),
        house.colours_have_one_home,
        "#bada55",
    ),
    "a figure names a colour": (
        lambda root: (root / "attnkit/ink.py").write_text('EDGE = "rgb(10, 20, 30)"\n'),
        house.colours_have_one_home,
        "rgb(1",
    ),
    "Jupyter Book 2 gets in": (
        lambda root: replace(root / "pyproject.toml", ">=1.0.4,<2", ">=1.0.4"),
        house.jupyter_book_stays_below_2,
        "pyproject.toml allows",
    ),
    "a page forgets the pin": (
        lambda root: append(root / "README.md", "\n    pip " + "install jupyter-book\n"),
        house.jupyter_book_stays_below_2,
        "README.md installs",
    ),
    "a pin is lost": (
        lambda root: replace(root / "requirements.txt", "\nnumpy==", "\nsomething-else=="),
        house.the_lock_fits_the_project,
        "does not pin numpy",
    ),
    "a pin is loose": (
        lambda root: replace(root / "requirements.txt", "\nmatplotlib==", "\nmatplotlib>="),
        house.the_lock_is_exact,
        "must pin matplotlib",
    ),
    "a pin does not fit": (
        lambda root: replace(root / "pyproject.toml", "numpy>=2.1,<3", "numpy>=1.26,<2"),
        house.the_lock_fits_the_project,
        "asks for <2,>=1.26",
    ),
    "CUDA gets in": (
        lambda root: append(root / "requirements.txt", "nvidia-cublas==13.0.0\n"),
        house.the_lock_is_exact,
        "torch's own matter",
    ),
    "torch is one build": (
        lambda root: replace(root / "requirements.txt", "torch==2.13.0", "torch==2.13.0+cpu"),
        house.the_lock_is_exact,
        "must say torch==2.13.0",
    ),
    "a reader gets torch": (
        lambda root: replace(root / "pyproject.toml", "book = [", 'book = [\n  "torch==2.13.0",'),
        house.the_lock_fits_the_project,
        "every reader",
    ),
    "a page names a registry": (
        lambda root: append(root / "README.md", "\nSee https://" + "pypi." + "org/project/attnkit\n"),
        house.no_file_names_a_machine,
        "README.md",
    ),
    "an output names a folder": (
        lambda root: append(root / "book/api.md", "\n/ho" + "me/ada/attnkit\n"),
        house.no_file_names_a_machine,
        "book/api.md",
    ),
    "npm's lock gets an address": (
        lambda root: replace(root / "tools/package-lock.json", '"license"', '"resolved": "somewhere", "license"'),
        house.npm_locks_have_no_addresses,
        "an address for",
    ),
    "npm's lock is of yesterday": (
        lambda root: replace(root / "tools/package.json", "0.16.22", "0.16.21"),
        house.npm_locks_have_no_addresses,
        "katex 0.16.21",
    ),
    "a cell was not run": (
        lambda root: edit_notebook(root, lambda _, cell: cell.update(execution_count=None)),
        house.notebooks_are_stored_whole,
        "not run once",
    ),
    "an error is stored": (
        lambda root: edit_notebook(root, lambda _, cell: cell["outputs"].append(ERROR)),
        house.notebooks_are_stored_whole,
        "the error ValueError",
    ),
    "a widget view is stored": (
        lambda root: edit_notebook(root, lambda _, cell: cell["outputs"].append(VIEW)),
        house.notebooks_are_stored_whole,
        "a widget view",
    ),
    "widget state is stored": (
        lambda root: edit_notebook(root, lambda notebook, _: notebook["metadata"].update(widgets={})),
        house.notebooks_are_stored_whole,
        "widget state",
    ),
    "a notebook is for one person's kernel": (
        lambda root: edit_notebook(root, lambda notebook, _: notebook["metadata"].pop("kernelspec")),
        house.notebooks_are_stored_whole,
        "kernel python3",
    ),
    "a notebook is huge": (
        lambda root: edit_notebook(root, lambda notebook, _: notebook["metadata"].update(note="x" * 1_500_000)),
        house.notebooks_are_stored_whole,
        "easy to read",
    ),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Return a function that makes a fresh copy of the checkout's text."""

    def make(target):
        for path in house.files(ROOT):
            place = target / path.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
        return target

    return make


@pytest.mark.parametrize("name", TAMPERINGS)
def test_each_rule_can_fail(name, copy, tmp_path):
    tamper, rule, sentence = TAMPERINGS[name]
    root = copy(tmp_path)
    tamper(root)
    assert any(sentence in complaint for complaint in rule(root)), list(rule(root))


def test_every_rule_is_tampered_with():
    assert {rule for _, rule, _ in TAMPERINGS.values()} == set(house.RULES)


def test_import_loads_nothing_heavy():
    heavy = "{'torch', 'matplotlib', 'anywidget', 'ipywidgets', 'IPython'}"
    script = f"import attnkit, sys; print(sorted({heavy} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert answer.stdout.strip() == "[]"


def test_lock_is_complete():
    """Whatever a pinned package needs on this machine is pinned as well."""
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    pinned = {canonicalize_name(line.partition("==")[0]) for line in lines if "==" in line}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    waiting = [
        *project["dependencies"],
        *(text for extra in project["optional-dependencies"].values() for text in extra),
    ]
    seen: set[tuple[str, str]] = set()
    while waiting:
        wanted = Requirement(waiting.pop())
        name = canonicalize_name(wanted.name)
        if name.startswith(("nvidia-", "cuda-", "triton")):
            continue  # torch's own matter
        assert name in pinned, f"{name} is needed and not pinned"
        for extra in ("", *wanted.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            try:
                needed = map(Requirement, requires(name) or [])
            except PackageNotFoundError:
                pytest.fail(f"{name} is pinned and not installed: make test installs the whole lock")
            waiting += [str(need) for need in needed if need.marker is None or need.marker.evaluate({"extra": extra})]
    assert len(seen) > 100
