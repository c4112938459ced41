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
UI_READY := spa/node_modules/.ready

.PHONY: help
help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

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

# Node 20.19 or newer, for these two alone: the built files are committed, so nobody else needs it.
.PHONY: ui
ui: $(UI_READY) ## Build the admin app (spa/) into src/rowgate/admin/static
	cd spa && npm run build

.PHONY: ui-check
ui-check: ## Check the admin app: types, unit tests, and that the committed files are those of a fresh build
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(UI_READY) && cd spa && npm test && npm run check; \
	elif [ "$$CI" = true ]; then echo "ui-check needs Node." >&2; exit 1; \
	else echo "There is no Node here: the admin app is not checked."; fi

.PHONY: ci
ci: $(DEV_READY) ## Everything a change must pass: lint, types, contracts, ui-check, test
	@for stage in lint types contracts ui-check test; do \
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

.PHONY: bench-api
bench-api: $(TEST_READY) ## Measure the API against a handler written by hand, and against ApiLogicServer where it is
	$(BIN)/python benchmarks/bench_api.py $(ARGS)

.PHONY: bench-relations
bench-relations: $(TEST_READY) ## Measure relationship grants against SQL written by hand; ARGS="--quick" for a look
	$(BIN)/python benchmarks/bench_relations.py $(ARGS)

.PHONY: bench-generate
bench-generate: $(TEST_READY) ## Measure the generator against sqlacodegen alone, and the start of large projects
	$(BIN)/python benchmarks/bench_generate.py $(ARGS)

.PHONY: api-check
api-check: $(TEST_READY) ## Send made-up requests to every operation, by its OpenAPI; EXAMPLES=3 API_USER="u1 admin"
	ROWGATE_TEST_EXAMPLES=$(or $(EXAMPLES),3) ROWGATE_TEST_USER="$(or $(API_USER),u1 admin)" \
		$(BIN)/python -m pytest -n 0 tests/api/test_schemathesis.py

.PHONY: fuzz
fuzz: $(TEST_READY) ## Send damaged requests, and look for a 5xx, SQL, or a hidden value; REQUESTS=20000 SEED=1
	ROWGATE_TEST_REQUESTS=$(or $(REQUESTS),20000) ROWGATE_TEST_SEED=$(or $(SEED),1) \
		$(BIN)/python -m pytest -n 0 tests/api/test_fuzz.py

.PHONY: clean
clean: ## Remove .venv and what the tools wrote; instance/ with its databases stays
	rm -rf $(VENV) build dist .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name .git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

$(UI_READY): spa/package.json spa/package-lock.json
	cd spa && npm ci --no-audit --no-fund
	@touch $@

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
