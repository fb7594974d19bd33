"""The rules of the house. Each takes the root of a checkout and yields a sentence for whatever breaks it."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

Complaints = Iterator[str]
RULES: list[Callable[[Path], Complaints]] = []

# What git does not keep, and what is not text.
SKIPPED = {".git", ".venv", "node_modules", "_build", "__pycache__", ".hypothesis", "dist", "test-results"}
TEXT = {
    ".py",
    ".mjs",
    ".js",
    ".css",
    ".md",
    ".ipynb",
    ".toml",
    ".txt",
    ".yml",
    ".json",
    ".cff",
    ".bib",
    ".svg",
    ".html",
    "",
}
# What a formula may import besides earlier chapters and the standard library.
BASE = {"numpy", "array_api_compat", "jaxtyping", "attnkit._arrays"}
# Colours that stand outside the palette: matplotlib leaves black out of its SVG, and picture.py must know that.
STRAY_COLOURS = {("attnkit/figures/picture.py", "#000000")}
# The rooms above the chapters, from the ground up: each may import chapters and the rooms before it.
ROOMS = ("language", "models", "checkpoints", "metrics", "decoding", "training", "experiments", "cli")
# The frame's shared parts: there is no widget of these names.
FRAME_ONLY = {"bundle", "widget", "maths", "dom", "checkpoint", "sentence", "seq2seq", "transformer", "weights"}


def rule(function: Callable[[Path], Complaints]) -> Callable[[Path], Complaints]:
    """Put a rule on the list."""
    RULES.append(function)
    return function


def files(root: Path) -> list[Path]:
    """Return the text files that belong to the repository, and nothing that was built or installed."""
    found = []
    for path in sorted(root.iterdir()):
        if path.name in SKIPPED or path.name.endswith(("_cache", "_checkpoints", ".egg-info")):
            continue
        found += files(path) if path.is_dir() else [path] * (path.suffix in TEXT)
    return found


def pages(root: Path) -> list[str]:
    """Return the pages that ``_toc.yml`` orders, without suffix, in its order."""
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    return [toc["root"], *(entry["file"] for part in toc["parts"] for entry in part["chapters"])]


def chapters(root: Path) -> list[str]:
    """Return the chapters' names, such as ``02_scoring``, in the order of reading."""
    return [page.removeprefix("notebooks/") for page in pages(root) if page.startswith("notebooks/")]


def slugs(root: Path) -> list[str]:
    """Return the chapters' slugs in the order of reading."""
    return [chapter.partition("_")[2] for chapter in chapters(root)]


@rule
def toc_and_folders_agree(root: Path) -> Complaints:
    """Every page of the table of contents is there, every notebook is in it, and their numbers rise."""
    for page in pages(root):
        if not any((root / f"{page}{suffix}").is_file() for suffix in (".md", ".ipynb")):
            yield f"_toc.yml names {page}, which is no file"
    named = chapters(root)
    for notebook in sorted((root / "notebooks").glob("*.ipynb")):
        if notebook.stem not in named:
            yield f"notebooks/{notebook.name} is not in _toc.yml"
    if named != sorted(named):
        yield f"the chapters' numbers must rise in _toc.yml; they stand as {', '.join(named)}"


@rule
def a_chapter_is_one_slug(root: Path) -> Complaints:
    """Each chapter has its page, module, exercises, widgets and tests under the same name."""
    for chapter, slug in zip(chapters(root), slugs(root), strict=True):
        for part in (
            f"notebooks/{chapter}.ipynb",
            f"attnkit/{slug}.py",
            f"attnkit/exercises/{slug}.py",
            f"attnkit/widgets/{slug}",
            f"tests/test_{slug}.py",
        ):
            if not (root / part).exists():
                yield f"chapter {chapter} has no {part}"


@rule
def imports_point_backwards(root: Path) -> Complaints:
    """A chapter's module imports the array helpers, the standard library and earlier chapters; nothing else."""
    order = slugs(root)
    for number, slug in enumerate(order):
        earlier = {f"attnkit.{name}" for name in order[:number]}
        path = root / "attnkit" / f"{slug}.py"
        for module in imported(path):
            top = module.partition(".")[0]
            if module not in earlier and not {module, top} & BASE and top not in sys.stdlib_module_names:
                yield f"attnkit/{slug}.py imports {module}; a chapter imports NumPy and earlier chapters only"


@rule
def rooms_stand_on_one_another(root: Path) -> Complaints:
    """The rooms of training import downwards only, and none of them figures, widgets or exercises."""
    chapters_and_helpers = {"_arrays", "_choices", *slugs(root)}
    for number, room in enumerate(ROOMS):
        place = root / "attnkit" / room
        for path in sorted(place.glob("*.py")) if place.is_dir() else [place.with_suffix(".py")]:
            for module in imported(path):
                parts = module.split(".")
                below = {room, *ROOMS[:number], *chapters_and_helpers}
                if parts[0] == "attnkit" and len(parts) > 1 and parts[1] not in below:
                    yield f"{path.relative_to(root)} imports {module}; {room} stands on {', '.join(ROOMS[:number])}"


@rule
def the_package_is_light(root: Path) -> Complaints:
    """``attnkit/__init__.py`` imports chapters and the array helpers, so that nothing heavy comes with it."""
    allowed = {"attnkit._arrays", *(f"attnkit.{slug}" for slug in slugs(root))}
    for module in imported(root / "attnkit" / "__init__.py"):
        if module not in allowed and module.partition(".")[0] not in sys.stdlib_module_names:
            yield f"attnkit/__init__.py imports {module}; it imports chapters and the array helpers"


def imported(path: Path) -> list[str]:
    """Return the modules that a file of ``attnkit`` imports anywhere, relative ones by their full name.

    Left out is the one import that never happens: torch under ``if TYPE_CHECKING``, for the name of a type.
    """
    tree = ast.parse(path.read_text("utf-8"))
    guarded = [
        node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    unreal = [node for guard in guarded for node in guard.body if ast.unparse(node) == "import torch"]
    found = []
    for node in ast.walk(tree):
        if node in unreal:
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = ".".join(filter(None, ["attnkit" * bool(node.level), node.module]))
            # `from attnkit import figures` imports a module, `from attnkit.scoring import dot_scores` a name of one.
            found += [f"attnkit.{alias.name}" for alias in node.names] if module == "attnkit" else [module]
    return found


@rule
def widgets_come_in_pairs(root: Path) -> Complaints:
    """Each widget is one Python file and one module of the same name, side by side."""
    folder = root / "attnkit" / "widgets"
    for path in sorted(folder.glob("*/*")):
        other = {".py": ".mjs", ".mjs": ".py"}.get(path.suffix)
        alone = path.stem == "__init__" or (path.parent.name == "frame" and path.stem in FRAME_ONLY)
        if other and not alone and not path.with_suffix(other).is_file():
            yield f"{path.relative_to(root)} has no {path.stem}{other} beside it"


@rule
def modules_import_the_frame_only(root: Path) -> Complaints:
    """Shared modules are put together by a few lines of Python, which know one form of import and of export."""
    shared = "maths|dom|checkpoint|sentence|seq2seq|transformer|weights"
    good = re.compile(rf'import \{{ \w+(, \w+)* \}} from "\.\./frame/({shared})\.mjs";')
    for path in sorted((root / "attnkit" / "widgets").glob("*/*.mjs")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            loads = re.match(r"\s*import\b|.*\bimport\s*\(|\s*export\s*[*{].*\bfrom\b", line)
            if loads and not good.fullmatch(line):
                place = f"{path.relative_to(root)}:{number}"
                yield f"{place} must import names of the frame on one line; got {line.strip()}"


@rule
def colours_have_one_home(root: Path) -> Complaints:
    """No colour is named outside ``attnkit/palette.py``; everything else uses its names."""
    # A hash after & is an entity, one after a word or a slash a place in a page.
    hexadecimal = r"(?<![&\w/])#(?:[\da-f]{8}|[\da-f]{6}|[\da-f]{3,4})(?![\w-])"
    colour = re.compile(rf"{hexadecimal}|\b(?:rgb|hsl)a?\(\s*[\d.]", re.IGNORECASE)
    for path in files(root):
        place = path.relative_to(root)
        styled = place.parts[0] == "attnkit" or place.parts[:2] == ("book", "assets")
        if not styled or place == Path("attnkit/palette.py"):
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            for found in colour.findall(line):
                if (place.as_posix(), found) not in STRAY_COLOURS:
                    yield f"{place}:{number} names the colour {found}; colours live in attnkit/palette.py"


@rule
def jupyter_book_stays_below_2(root: Path) -> Complaints:
    """Version 2 builds nothing from this repository and says nothing: nobody may be led to install it."""
    named = re.compile(r"jupyter[-_]book\s*((?:[<>=!~]=?\s*[\d.]+(?:post\d+)?,?\s*)+)", re.IGNORECASE)
    bare = re.compile(r"pip3?[\"', ]+install\b.*jupyter[-_]book(?!\s*[<>=~])", re.IGNORECASE)
    for path in files(root):
        text = path.read_text("utf-8")
        for found in named.finditer(text):
            if "2.0.0" in Requirement(f"jupyter-book{found.group(1).strip().rstrip(',')}").specifier:
                yield f"{path.relative_to(root)} allows jupyter-book 2: {found.group().strip()}"
        for found in bare.finditer(text):
            yield f"{path.relative_to(root)} installs jupyter-book without saying <2: {found.group().strip()}"


def pins(root: Path) -> list[tuple[str, Requirement]]:
    """Return the lines of the lock, without comments, beside what they ask for."""
    lines = (line.partition("#")[0].strip() for line in (root / "requirements.txt").read_text("utf-8").splitlines())
    return [(line, Requirement(line)) for line in lines if line]


@rule
def the_lock_is_exact(root: Path) -> Complaints:
    """``requirements.txt`` pins each package to one version, torch plainly, and leaves CUDA to torch."""
    for line, pin in pins(root):
        if [spec.operator for spec in pin.specifier] != ["=="] or "*" in str(pin.specifier):
            yield f"requirements.txt must pin {pin.name} to one version; got {line}"
        if pin.name.startswith(("nvidia-", "cuda-", "triton")):
            yield f"requirements.txt pins {pin.name}, which is torch's own matter"
        if pin.name == "torch" and line != "torch==2.13.0":
            yield f"requirements.txt must say torch==2.13.0 and no more; got {line}"


@rule
def the_lock_fits_the_project(root: Path) -> Complaints:
    """Every dependency of ``pyproject.toml`` is pinned to a version that fits, and a reader needs no torch."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    for wanted in map(Requirement, [*project["dependencies"], *(text for extra in extras.values() for text in extra)]):
        found = [pin for _, pin in pins(root) if canonicalize_name(pin.name) == canonicalize_name(wanted.name)]
        if not found:
            yield f"requirements.txt does not pin {wanted.name}"
        for pin in found:
            if not all(spec.version in wanted.specifier for spec in pin.specifier):
                yield f"requirements.txt says {pin.name}{pin.specifier}, but pyproject.toml asks for {wanted.specifier}"
    if any(Requirement(text).name == "torch" for text in extras["book"] + project["dependencies"]):
        yield "pyproject.toml makes every reader install torch"


@rule
def no_file_names_a_machine(root: Path) -> Complaints:
    """No committed file names a package registry's host or a folder of somebody's machine."""
    # Written with [.], so that this file does not name them either.
    hosts = r"(?:pypi|pythonhosted|anaconda|download[.]pytorch)[.]org|(?:npmjs|yarnpkg)[.](?:com|org)"
    folders = r"(?<![\w.~*-])/(?:work|root|home|Users)/[\w.]"
    forbidden = re.compile(f"{hosts}|{folders}")
    for path in files(root):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if found := forbidden.search(line):
                yield f"{path.relative_to(root)}:{number} names {found.group()}"


@rule
def npm_locks_have_no_addresses(root: Path) -> Complaints:
    """Each ``package-lock.json`` says what to install, exactly as its ``package.json``, and leaves open where from."""
    for path in [path for path in files(root) if path.name == "package-lock.json"]:
        place = path.relative_to(root)
        lock = json.loads(path.read_text("utf-8"))
        for name, package in lock["packages"].items():
            if "resolved" in package:
                yield f"{place} gives an address for {name}"
            if name and "integrity" not in package:
                yield f"{place} has no checksum for {name}"
        wanted = json.loads(path.with_name("package.json").read_text("utf-8"))
        for name, version in {**wanted.get("dependencies", {}), **wanted.get("devDependencies", {})}.items():
            if lock["packages"].get(f"node_modules/{name}", {}).get("version") != version:
                yield f"{place} must hold {name} {version}, exactly as package.json beside it asks"


@rule
def notebooks_are_stored_whole(root: Path) -> Complaints:
    """Each notebook was run from top to bottom without an error, and is stored as ``make notebooks`` leaves it."""
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        name = path.relative_to(root)
        if path.stat().st_size > 1_500_000:
            yield f"{name} has {path.stat().st_size:,} bytes; at most 1,500,000 are easy to read and to review"
        notebook = json.loads(path.read_text("utf-8"))
        if "widgets" in notebook["metadata"]:
            yield f"{name} stores widget state"
        if notebook["metadata"].get("kernelspec", {}).get("name") != "python3":
            yield f"{name} must be for the kernel python3"
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and "".join(cell["source"]).strip()]
        counts = [cell["execution_count"] for cell in code]
        if counts != list(range(1, len(code) + 1)):
            yield f"{name} was not run once from top to bottom; its cells are numbered {counts}"
        for output in (output for cell in code for output in cell["outputs"]):
            if output["output_type"] == "error":
                yield f"{name} stores the error {output['ename']}"
            if "application/vnd.jupyter.widget-view+json" in output.get("data", {}):
                yield f"{name} stores a widget view, which shows nothing without a kernel"
