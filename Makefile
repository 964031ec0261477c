# Provisor. `make demo` and `make test` set up what they need; `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready
# pytest keeps the tests it has rewritten; where nothing may be kept, every process rewrites them all again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup demo test fast check fix bench
help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## make .venv with the command .venv/bin/provisor
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Provisor needs Python 3.11 or newer; set PYTHON=python3.12, say.")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' -c constraints.txt
	@touch $@

demo: $(STAMP) ## run the tutorial end to end on the sample organisation
	$(BIN)/provisor demo

test: $(STAMP) ## run every test
	$(BIN)/pytest -n auto --dist loadgroup

fast: $(STAMP) ## run the tests that take less than a minute together: some rows of large tables, ten examples of a law
	$(BIN)/pytest -n auto --dist worksteal -m 'not slow' --fewer-examples

check: $(STAMP) ## style, types, import rules, house rules
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	PYTHONPATH=src $(BIN)/lint-imports --no-cache
	$(BIN)/pytest tests/house -m 'not slow'

fix: $(STAMP) ## format and repair what a machine can
	$(BIN)/ruff format src tests benchmarks
	$(BIN)/ruff check --fix src tests benchmarks

bench: $(STAMP) ## run the benchmarks side by side (minutes)
	for file in benchmarks/[a-z]*.py; do $(BIN)/python $$file || exit 1; done
