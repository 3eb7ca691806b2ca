# `make` alone shows what there is. Everything lands in .venv, node_modules and the data directory; nothing outside.
# Needs git, make and Python 3.11 or later with venv; the rest comes from requirements/*.txt and package-lock.json.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

# Every path is relative: make splits absolute ones at the spaces of the folder that holds the clone.
VENV := .venv
BIN := .venv/bin
# Each worker runs a server of its own.
WORKERS ?= 2
PYTHON_IN_VENV := .venv/bin/python
LOCK_OPTIONS := --universal --generate-hashes --python-version 3.11 --no-header --no-emit-index-url --no-emit-find-links

# A clone that was moved carries scripts that name its old place; an interpreter that was upgraded may be gone.
# Either way the environment is made again.
$(shell test -e $(VENV)/place || exit 0; \
    test "$$(cat $(VENV)/place)" = "$$(pwd -P)" && $(PYTHON_IN_VENV) -c "" 2>/dev/null || rm -rf $(VENV))

# A home that cannot be written to (none at all, or another user's) holds no cache.
ifneq ($(shell test -n "$$HOME" && test -w "$$HOME" && echo writable),writable)
export UV_CACHE_DIR ?= $(VENV)/cache/uv
export PIP_CACHE_DIR ?= $(VENV)/cache/pip
export npm_config_cache ?= $(VENV)/cache/npm
endif

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export npm_config_update_notifier := false
export UV_PYTHON_DOWNLOADS := never
# Without this uv warns on each machine whose cache lies on another file system.
export UV_LINK_MODE ?= copy
# A machine that trusts a certificate of its own (a company's proxy) says so in its store; a bare one has no store.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS ?= true
endif
# Inside another activated environment the tools would find that one.
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH CONDA_PREFIX

.PHONY: help
help: ## Show what there is
	@echo "make run        start everything at http://127.0.0.1:8000 with the demo's brand (Ctrl-C stops it)"
	@echo "make test       the tests, except the slow ones"
	@echo "make test-slow  the slow tests: load, crashes, the whole replay, a million histories of money, ten journeys in Chromium"
	@echo "make check      format, lint, types, layers, lock"
	@echo "make bench      measure the hot paths and print the figures"
	@echo "make setup      prepare .venv with the loopline command (run and test do it first)"
	@echo "make lock       lock the dependencies named in pyproject.toml again"
	@echo "make format     lay the code out and apply the safe fixes"
	@echo "make clean      remove what make built; data stays"
	@echo
	@echo "ARGS= is passed on: make run ARGS=\"--port 8080\", make test ARGS=tests/unit."
	@echo "LOOPLINE_DATA_DIR says where the embedded database lives, LOOPLINE_DATABASE_URL names another one instead."

# ---------------------------------------------------------------------------------------------------------------- use

# A first run shows the demo's brand, whose people sign in by one touch; a database that belongs to somebody refuses it.
.PHONY: run
run: setup
	@exec $(BIN)/loopline serve $(or $(ARGS),--demo)

.PHONY: setup
setup: $(VENV)/ready $(VENV)/browser-packages $(VENV)/compiled
	@:

.PHONY: bench
bench: $(VENV)/ready-to-test setup
	@exec $(PYTHON_IN_VENV) -m bench $(ARGS)

# ------------------------------------------------------------------------------------------------------- test and check

.PHONY: test
test: $(VENV)/ready-to-test setup chromium
	@exec $(PYTHON_IN_VENV) -m pytest -n $(WORKERS) --dist worksteal -m "not slow" $(ARGS)

.PHONY: test-slow
test-slow: $(VENV)/ready-to-test setup chromium
	@exec $(PYTHON_IN_VENV) -m pytest -m "slow" $(ARGS)

.PHONY: chromium
chromium:
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do \
	    if command -v $$name >/dev/null 2>&1; then exit 0; fi; \
	done; \
	echo "Chromium is not installed: the tests marked 'browser' will say so and skip (Debian: apt-get install chromium)."

.PHONY: check
check: check-code check-lock

# What needs no network. The layers are also held by a test.
.PHONY: check-code
check-code: $(VENV)/ready-to-test setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports --no-cache --no-logo

# The lock answers pyproject.toml when compiling again changes nothing.
.PHONY: check-lock
check-lock: $(VENV)/ready
	@cp requirements/run.txt $(VENV)/run.txt && cp requirements/dev.txt $(VENV)/dev.txt
	@$(BIN)/uv pip compile -q pyproject.toml $(LOCK_OPTIONS) --group setup -o $(VENV)/run.txt >/dev/null
	@$(BIN)/uv pip compile -q pyproject.toml $(LOCK_OPTIONS) --group setup --group dev -c requirements/run.txt -o $(VENV)/dev.txt >/dev/null
	@cmp -s requirements/run.txt $(VENV)/run.txt && cmp -s requirements/dev.txt $(VENV)/dev.txt \
	    || { echo "requirements/*.txt do not answer pyproject.toml: run make lock"; exit 1; }

.PHONY: lock
lock: $(VENV)/ready
	$(BIN)/uv pip compile -q pyproject.toml $(LOCK_OPTIONS) --group setup $(ARGS) -o requirements/run.txt
	$(BIN)/uv pip compile -q pyproject.toml $(LOCK_OPTIONS) --group setup --group dev -c requirements/run.txt $(ARGS) -o requirements/dev.txt

.PHONY: format
format: $(VENV)/ready-to-test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: clean
clean:
	rm -rf $(VENV) node_modules src/loopline/web/static/vendor .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist

# ------------------------------------------------------------------------------------------------------------- set-up

# Without pip's index settings uv would ignore the mirror that a machine was given.
UV_INSTALL = UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$($(PYTHON_IN_VENV) -m pip config get global.index-url 2>/dev/null || true)}}"; \
    if [ -n "$$UV_DEFAULT_INDEX" ]; then export UV_DEFAULT_INDEX; else unset UV_DEFAULT_INDEX; fi; \
    $(BIN)/uv pip

$(VENV)/made:
	@set -e; found=; \
	for name in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	    if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$name; break; fi; \
	done; \
	if [ -z "$$found" ]; then echo "Python 3.11 or later is needed (Debian: apt-get install python3 python3-venv)."; exit 1; fi; \
	if ! $$found -c 'import ensurepip, venv' 2>/dev/null; then \
	    echo "$$found lacks venv (Debian: apt-get install python3-venv)."; exit 1; fi; \
	echo "Preparing .venv with $$($$found --version)"; \
	$(PYTHON_IN_VENV) -c '' 2>/dev/null || $$found -m venv $(VENV)
	@pwd -P >$(VENV)/place
	@touch $@

$(VENV)/uv: requirements/run.txt | $(VENV)/made
	@awk '/^[a-z]/ { chosen = /^uv==/ } chosen' requirements/run.txt >$(VENV)/uv.txt
	@$(PYTHON_IN_VENV) -m pip install --quiet --require-hashes --requirement $(VENV)/uv.txt
	@touch $@

# The inner loops of the optimiser, so that the first wave need not wait half a minute for the compiler.
$(VENV)/compiled: $(VENV)/ready $(wildcard src/loopline/sourcing/optimiser/*.py)
	@$(PYTHON_IN_VENV) -m loopline.sourcing.optimiser.loading
	@touch $@

$(VENV)/ready: requirements/run.txt pyproject.toml $(VENV)/uv
	@rm -f $(VENV)/ready-to-test
	@$(UV_INSTALL) sync --quiet --python $(VENV) --require-hashes requirements/run.txt
	@$(BIN)/uv pip install --quiet --python $(VENV) --offline --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/ready-to-test: requirements/dev.txt $(VENV)/ready
	@$(UV_INSTALL) install --quiet --python $(VENV) --require-hashes --requirement requirements/dev.txt
	@touch $@

# Tabler, HTMX and ECharts, by the versions of package-lock.json.
$(VENV)/browser-packages: $(wildcard package.json package-lock.json src/loopline/web/vendor.py) | $(VENV)/ready
	@if [ -e src/loopline/web/vendor.py ]; then $(PYTHON_IN_VENV) -m loopline.web.vendor; fi
	@touch $@
