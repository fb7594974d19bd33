"""What the Makefile calls does what its help says, and whoever lacks something reads a sentence that says what."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import browser, lock, look, run_notebooks, serve

ROOT = Path(__file__).parents[1]


@pytest.fixture
def program(tmp_path):
    """Return a function that puts an executable shell script into an empty folder, and returns its path."""

    def make(name, body="exit 0"):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    return make


@pytest.fixture
def nowhere(monkeypatch, tmp_path, program):
    """No browser anywhere: an empty PATH, no CHROME, and nothing from Playwright."""
    monkeypatch.delenv("CHROME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(browser, "MACOS", ())
    monkeypatch.setattr(browser, "_playwrights_own", lambda: None)


# Make


def make(*arguments, cwd=ROOT):
    return subprocess.run([shutil.which("make"), *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def test_help_tells_every_target():
    told = re.findall(r"^  make (\w+)", make("help").stdout, flags=re.MULTILINE)
    assert told == [
        "help",
        "serve",
        "book",
        "lab",
        "test",
        "check",
        "notebooks",
        "experiments",
        "bench",
        "look",
        "clean",
    ]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            (
                "if [ $1 = -V ]; then echo Python 3.10.9; exit; fi\n"
                f'exec {sys.executable} -c "import sys; sys.version_info = (3, 10, 9); exec(sys.argv[1])" "$2"'
            ),
            "needs Python 3.11 or newer; {} is Python 3.10.9",
        ),
        ('case "$2" in *ensurepip*) exit 1;; esac', "venv module is missing"),
    ],
)
def test_make_says_what_is_wrong_with_python(body, sentence, program, tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    python = program("python3", body)
    answer = make("serve", f"PYTHON={python}", cwd=tmp_path)
    assert answer.returncode != 0
    assert sentence.format(python) in answer.stderr


def test_make_says_that_python_is_missing(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    answer = make("serve", "PYTHON=python3-of-nobody", cwd=tmp_path)
    assert answer.returncode != 0
    assert "There is no python3-of-nobody here" in answer.stderr


# The browser


def test_chrome_names_the_browser(nowhere, program, monkeypatch):
    program("chromium")
    monkeypatch.setenv("CHROME", str(program("mine")))
    assert browser.find_browser() == str(program("mine"))


def test_chrome_must_exist(nowhere, program, monkeypatch):
    program("chromium")
    monkeypatch.setenv("CHROME", "nothing-here")
    with pytest.raises(ValueError, match=r"CHROME must name a browser.*'nothing-here'"):
        browser.find_browser()


def test_browser_on_the_path(nowhere, program):
    assert browser.find_browser() is None
    google = program("google-chrome")
    assert browser.find_browser() == str(google)
    chromium = program("chromium")
    assert browser.find_browser() == str(chromium)


def test_playwrights_own_browser_comes_last(nowhere, program, monkeypatch):
    monkeypatch.setattr(browser, "_playwrights_own", lambda: "own")
    assert browser.find_browser() == "own"
    assert browser.find_browser() != str(program("chromium"))
    assert browser.find_browser() == str(program("chromium"))


def test_sandbox_is_left_out_for_root_alone(nowhere, program, monkeypatch):
    chromium = program("chromium")
    for user, expected in ((0, True), (1000, False)):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        options = browser.launch_options()
        assert options["executable_path"] == str(chromium)
        assert ("--no-sandbox" in options["args"]) is expected


def test_no_browser_says_what_to_do(nowhere, monkeypatch):
    with pytest.raises(ValueError, match="CHROME=/path/to/chrome make test"):
        browser.launch_options()
    monkeypatch.setattr(browser, "_install_commands", lambda: [["/bin/false"]])
    with pytest.raises(ValueError, match="CHROME=/path/to/chrome make test"):
        browser.ensure_browser()


def test_missing_browser_is_installed(nowhere, program, monkeypatch, capfd):
    commands = [["/bin/echo", "updated"], ["/bin/ln", "-s", "/bin/true", str(program("x").with_name("chromium"))]]
    monkeypatch.setattr(browser, "_install_commands", lambda: commands)
    assert browser.ensure_browser().endswith("/bin/chromium")
    assert "updated" in capfd.readouterr().out


# Serving


@pytest.fixture
def site(tmp_path):
    (tmp_path / "index.html").write_text("<p>found</p>")
    return tmp_path


def test_serve_takes_the_next_free_port(site, capfd):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with serve.make_server(site, port) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            host, used = server.server_address
            try:
                with urllib.request.urlopen(f"http://{host}:{used}/") as answer:
                    assert answer.read() == b"<p>found</p>"
                    assert answer.headers["Cache-Control"] == "no-cache"
                with pytest.raises(urllib.error.HTTPError, match="404") as missing:
                    urllib.request.urlopen(f"http://{host}:{used}/nothing.html")
                missing.value.close()
            finally:
                server.shutdown()
                thread.join()
        assert (host, used > port) == ("127.0.0.1", True)
        with pytest.raises(ValueError, match=f"ports {port} to {port} must be free"):
            serve.make_server(site, port, tries=1)
    told = capfd.readouterr().err
    assert "404" in told
    assert "200" not in told


def test_serve_wants_a_built_book(tmp_path):
    with pytest.raises(ValueError, match="run `make book`"):
        serve.make_server(tmp_path)


def test_serve_ends_quietly(tmp_path):
    script = "import pathlib, sys, tools.serve as s; s.BOOK = pathlib.Path(sys.argv[1]); s.main()"
    (tmp_path / "index.html").write_text("")
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        told = server.stdout.readline()
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=10) == 0
        assert server.stderr.read() == ""
    assert re.fullmatch(r"The book is at http://127\.0\.0\.1:\d+ — Ctrl-C stops it\n", told)


# Pictures


def test_look_finds_pages_only(tmp_path):
    for name in ("index.html", "book/api.html", "_static/frame.html", "book/.hidden/x.html", "style.css"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "start.html").write_text('<meta http-equiv="Refresh" content="0; url=index.html" />')
    assert look.pages(tmp_path) == [tmp_path / "book/api.html", tmp_path / "index.html"]
    with pytest.raises(ValueError, match="run `make book`"):
        look.pages(tmp_path / "_static" / "none")


# Notebooks


def write(path, *sources):
    cells = [new_markdown_cell("# A title"), *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_run_stores_outputs(tmp_path):
    path = write(tmp_path / "a.ipynb", "import time", "x = 2 + 3\nprint(x)\ntime.sleep(0.5)\nprint(x)", "x * 7")
    assert run_notebooks.run(path) == 3
    first = path.read_bytes()
    _, *code = nbformat.read(path, as_version=4).cells
    assert [cell.execution_count for cell in code] == [1, 2, 3]
    assert code[1].outputs == [{"output_type": "stream", "name": "stdout", "text": "5\n5\n"}]
    assert code[2].outputs[0].data["text/plain"] == "35"
    assert run_notebooks.run(path) == 3
    assert path.read_bytes() == first, "a second run must store the same bytes"
    assert list(tmp_path.iterdir()) == [path]


def test_run_leaves_a_failing_notebook_alone(tmp_path, capsys):
    path = write(tmp_path / "bad.ipynb", "x = 1", "x + y  # no such name")
    before = path.read_bytes()
    assert run_notebooks.main([str(path)]) == 1
    told = capsys.readouterr()
    assert "[1/1] bad.ipynb … failed" in told.out
    assert "bad.ipynb, cell 3 does not run" in told.err
    assert "x + y  # no such name" in told.err
    assert "NameError" in told.err
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_ctrl_c_leaves_the_notebook_alone(tmp_path):
    running = tmp_path / "running"
    path = write(
        tmp_path / "slow.ipynb", f"import pathlib, time\npathlib.Path({str(running)!r}).touch()\ntime.sleep(99)"
    )
    before = path.read_bytes()
    with subprocess.Popen(
        [sys.executable, "-m", "tools.run_notebooks", str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        while not running.exists():
            assert command.poll() is None, command.stderr.read()
            time.sleep(0.1)
        command.send_signal(signal.SIGINT)
        out, err = command.communicate(timeout=60)
    assert command.returncode == 130
    assert "interrupted; the file is as it was" in out
    assert err == ""
    assert path.read_bytes() == before


def test_run_says_which_notebook_is_missing(tmp_path, capsys):
    assert run_notebooks.main([str(tmp_path / "none.ipynb")]) == 1
    assert "There is no notebook" in capsys.readouterr().err


def test_normalise_keeps_what_readers_see():
    view = {"text/html": "<figure>", run_notebooks.WIDGET_VIEW: {"model_id": "5"}}
    shown = new_code_cell("w", outputs=[new_output("execute_result", view, execution_count=41)], execution_count=41)
    shown.metadata["execution"] = {"iopub.execute_input": "2026-01-01"}
    shown.metadata["tags"] = ["keep"]
    empty = new_code_cell(" \n", execution_count=5)
    last = new_code_cell("w", execution_count=42)
    notebook = new_notebook(cells=[empty, shown, last])
    notebook.metadata.widgets = {"state": {}}
    notebook.metadata.language_info = {"name": "python", "version": "3.11.7"}
    run_notebooks.normalise(notebook)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec["name"] == "python3"
    assert "version" not in notebook.metadata.language_info
    assert shown.outputs[0].data == {"text/html": "<figure>"}
    assert shown.metadata == {"tags": ["keep"]}
    assert [cell.execution_count for cell in notebook.cells] == [None, 1, 2]
    assert shown.outputs[0].execution_count == 1
    nbformat.validate(notebook)


def test_cell_names_follow_from_their_text():
    def names(*sources):
        notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
        return [cell.id for cell in run_notebooks.normalise(notebook).cells]

    assert names("a", "b", "a") == names("a", "b", "a")
    assert len(set(names("a", "b", "a"))) == 3
    assert names("new", "a", "b")[1:] == names("a", "b")


# The lock


def test_lock_is_tidied():
    compiled = (
        "numpy==2.4.6             # via attnkit (pyproject.toml)\n"
        "nvidia-cublas==13.1 ; sys_platform == 'linux'    # via torch\n"
        "triton==3.7.1\n"
        "torch==2.13.0 ; sys_platform == 'darwin'\n"
        "torch==2.13.0+cpu ; sys_platform == 'linux'\n"
        "Babel==2.18.0\n"
    )
    lines = lock.tidy(compiled).splitlines()
    assert lines[: lock.HEADER.count("\n")] == lock.HEADER.splitlines()
    assert lines[lock.HEADER.count("\n") :] == [
        "Babel==2.18.0",
        "numpy==2.4.6  # via attnkit (pyproject.toml)",
        "torch==2.13.0",
    ]
    with pytest.raises(ValueError, match="must pin torch"):
        lock.tidy("numpy==2.4.6\n")


def test_lock_is_as_the_tool_writes_it():
    text = (ROOT / "requirements.txt").read_text("utf-8")
    assert lock.tidy(text.removeprefix(lock.HEADER)) == text
