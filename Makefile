# The front door. Needs Python 3.11 or newer, make, and pip's network at the first run; nothing else.
#
#   make run                      serve the sample on http://127.0.0.1:5656
#   make run ARGS="--port 8080"   on another port
#   make test TESTFLAGS="-k api"  some of the tests
#   make run PYTHON=python3.12    with this Python (for a new .venv)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Candidates for making .venv; the first that is 3.11 or newer is taken.
PYTHON ?= python3.13 python3.12 python3.11 python3 python
ARGS ?=
TESTFLAGS ?= -n auto

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Stamps: an installation is repeated only when what it installs has changed.
VENV_MADE := $(VENV)/.made
RUN_READY := $(VENV)/.ready-to-run
TEST_READY := $(VENV)/.ready-to-test
DEV_READY := $(VENV)/.ready-to-develop

.PHONY: help
help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

.PHONY: run
run: $(RUN_READY) ## Serve http://127.0.0.1:5656; installs and builds the sample database when missing
	@exec $(BIN)/python run.py $(ARGS)

.PHONY: test
test: $(TEST_READY) ## Run all the tests; those on PostgreSQL are skipped where no server answers
	$(BIN)/python -m pytest $(TESTFLAGS)

.PHONY: lint
lint: $(DEV_READY) ## Check style and format (ruff)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: $(DEV_READY) ## Check types (mypy --strict)
	$(BIN)/mypy

.PHONY: contracts
contracts: $(DEV_READY) ## Check which package may import which (import-linter)
	$(BIN)/lint-imports

.PHONY: ci
ci: $(DEV_READY) ## Everything a change must pass: lint, types, contracts, test
	@for stage in lint types contracts test; do \
		started=$$(date +%s); \
		$(MAKE) --no-print-directory $$stage || { echo "== $$stage failed" >&2; exit 1; }; \
		echo "== $$stage passed in $$(( $$(date +%s) - started )) s"; \
	done

.PHONY: bench
bench: $(TEST_READY) ## Run every measurement in benchmarks/
	@set -e; ran=0; \
	for file in benchmarks/bench_*.py; do \
		[ -e "$$file" ] || continue; \
		echo "== $$file"; $(BIN)/python "$$file" $(ARGS); ran=1; \
	done; \
	[ $$ran = 1 ] || { echo "There is no benchmarks/bench_*.py to run." >&2; exit 1; }

.PHONY: clean
clean: ## Remove .venv and what the tools wrote; instance/ with its databases stays
	rm -rf $(VENV) build dist .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name .git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# --- what the targets stand on ------------------------------------------------------------------------------------

# An existing .venv that works is kept, whoever made it.
$(VENV_MADE):
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; then touch $@; exit 0; fi; \
	for candidate in $(PYTHON); do \
		"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
		echo "Making $(VENV) with $$("$$candidate" --version)"; \
		if "$$candidate" -m venv $(VENV); then touch $@; exit 0; fi; \
		echo "$$candidate cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; \
		exit 1; \
	done; \
	echo "No Python 3.11 or newer among: $(PYTHON)" >&2; \
	echo "Install one, or name it: make run PYTHON=/path/to/python3.11" >&2; \
	exit 1

$(RUN_READY): $(VENV_MADE) pyproject.toml requirements.txt
	@echo "Installing what the server needs into $(VENV) (about a minute the first time)"
	@$(PIP) install -r requirements.txt
	@touch $@

$(TEST_READY): $(VENV_MADE) pyproject.toml
	@echo "Installing what the tests need into $(VENV)"
	@$(PIP) install -e '.[test,postgresql]'
	@touch $@

# After the other one, so that two pips never work on one .venv at once.
$(DEV_READY): $(TEST_READY)
	@echo "Installing what developers need into $(VENV)"
	@$(PIP) install -e '.[dev,postgresql]'
	@touch $@
