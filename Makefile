# Everything is started here, by people and by CI alike.
# Needed beforehand: make and Python 3.11 or newer. Node comes with pip; the browser is found or installed.

PYTHON ?= python3
NB ?=
EXPERIMENT ?= bottleneck
JUPYTER_FLAGS ?=

# Whatever Sphinx, npm and the tests start finds the environment's own python and node first.
export PATH := $(CURDIR)/.venv/bin:$(PATH)

PIP := .venv/bin/python -m pip install --disable-pip-version-check --constraint requirements.txt
# Stamps: an install is done once, and again when what it installs has changed.
VENV := .venv/attnkit-venv
BOOK := .venv/attnkit-book
LAB := .venv/attnkit-lab
TRAIN := .venv/attnkit-train
LOCK := .venv/attnkit-lock
NODE := tools/node_modules/.installed
STOCK := bench/node_modules/.installed
STAGE := @printf '\n==> %s\n'

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help serve book lab test check notebooks experiments bench look clean browser

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

serve: book ## Build the book and serve it on this machine
	@.venv/bin/python -m tools.serve

# All pages each time: Sphinx does not notice a change in a stylesheet, in our extensions or in a widget.
book: $(BOOK) $(NODE) ## Build the book into _build/html; every warning is an error
	.venv/bin/jupyter-book build . --all -n -W --keep-going

lab: $(LAB) ## Open the chapters in JupyterLab
	.venv/bin/jupyter lab $(JUPYTER_FLAGS) notebooks

# One thread for each of the two kernels: with more they wait for one another, and the models are small.
test: check browser $(NODE) ## Run every test, on the whole lock
	$(STAGE) "notebooks: run again and compared with what is stored"
	OMP_NUM_THREADS=1 .venv/bin/pytest --nbval --nbval-current-env --nbval-cell-timeout=300 -n 2 --dist loadscope notebooks
	$(STAGE) "book: a clean build"
	@$(MAKE) book
	$(STAGE) "browser: the built book as readers meet it"
	.venv/bin/pytest tests/browser -n 2

check: $(LOCK) ## Run the short round: style, unit tests, JavaScript
	$(STAGE) "style: ruff"
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	$(STAGE) "unit tests"
	.venv/bin/pytest tests attnkit --ignore=tests/browser -n 2
	$(STAGE) "JavaScript"
	@ls tests/js/*.test.mjs
	.venv/bin/node --test tests/js/*.test.mjs

notebooks: $(LAB) ## Run all notebooks in place and store what they print (one: NB=notebooks/02_scoring.ipynb)
	@.venv/bin/python -m tools.run_notebooks $(NB)

experiments: $(TRAIN) ## Make one experiment again, and say how long the others take (which: EXPERIMENT="scores wiring")
	.venv/bin/python -m attnkit experiment $(EXPERIMENT)

bench: book browser $(STOCK) ## Measure the widgets and pages side by side with the stock ones
	.venv/bin/python -m bench

look: book browser ## Take pictures of every page into _build/look
	@.venv/bin/python -m tools.look

clean: ## Remove what was built; the installed .venv stays
	rm -rf _build .pytest_cache .ruff_cache .hypothesis
	find attnkit tests tools bench book notebooks -type d \( -name __pycache__ -o -name .ipynb_checkpoints \) -exec rm -rf {} +

browser: $(LOCK)
	@.venv/bin/python -m tools.browser

$(VENV):
	@command -v $(PYTHON) >/dev/null || \
	  { echo "There is no $(PYTHON) here. Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "The book needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

# What a reader needs: no torch, no test tools.
$(BOOK): $(VENV) pyproject.toml requirements.txt
	$(PIP) --editable '.[book]'
	@touch $@

$(LAB): $(VENV) pyproject.toml requirements.txt
	$(PIP) --editable '.[book,torch,lab]'
	@touch $@ $(BOOK)

$(TRAIN): $(VENV) pyproject.toml requirements.txt
	$(PIP) --editable '.[torch,train]'
	@touch $@

$(LOCK): $(VENV) pyproject.toml requirements.txt
	$(PIP) --requirement requirements.txt --editable .
	@touch $@ $(TRAIN) $(LAB) $(BOOK)

# KaTeX for the book, axe for the tests; and for the measurements alone, the stock way to put widgets on a page.
$(NODE) $(STOCK): %/node_modules/.installed: $(BOOK) %/package.json %/package-lock.json
	cd $* && npm ci --no-audit --no-fund --ignore-scripts
	@touch $@
