# Provisor. `make demo` and `make test` set up what they need; `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# What running needs, and what developing needs besides: a newcomer's demo does not wait for the second.
RUN := .venv/.ready-run
DEV := .venv/.ready-dev
SDK := .venv/.ready-sdk
# Two more than there are cores: many tests wait for processes of their own.
WORKERS = $(shell $(BIN)/python -c 'import os; print(2 + (os.cpu_count() or 1))')
# pytest keeps the tests it has rewritten; where nothing may be kept, every process rewrites them all again.
export PYTHONDONTWRITEBYTECODE :=

.NOTPARALLEL:
.PHONY: help install setup demo test thorough fast check fix bench
help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(RUN) ## make .venv with the command .venv/bin/provisor
setup: $(DEV) ## the same, and what tests and checks need
$(BIN)/pip:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Provisor needs Python 3.11 or newer; set PYTHON=python3.12, say.")'
	$(PYTHON) -m venv .venv
$(RUN): pyproject.toml constraints.txt | $(BIN)/pip
	$(INSTALL) -e .
	@touch $@
$(DEV): pyproject.toml constraints.txt | $(BIN)/pip
	$(INSTALL) -e '.[dev]'
	@touch $(RUN) $@

$(SDK): pyproject.toml constraints.txt | $(BIN)/pip
	$(INSTALL) -e '.[dev,sdk]'
	@touch $(RUN) $(DEV) $@

demo: $(RUN) ## run the tutorial end to end on the sample organisation
	$(BIN)/provisor demo

test: $(SDK) ## run the tests: of the largest tables some rows, thirty examples of a law; `make check` has the house rules
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup -m 'not house or slow' --fewer-rows --examples 30

thorough: $(SDK) ## run every test, every row and all examples (half an hour on two cores)
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup

fast: $(DEV) ## run the tests that take about a minute together: some rows of large tables, ten examples of a law
	$(BIN)/pytest -n auto --dist worksteal -m 'not slow' --examples 10 --ignore tests/house

check: $(DEV) ## style, types, import rules, house rules
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	@echo "$(BIN)/mypy, beside lint-imports and the rules of the house"
	@$(BIN)/mypy & types=$$!; \
	PYTHONPATH=src $(BIN)/lint-imports --no-cache && $(BIN)/pytest tests/house -m 'not slow'; rules=$$?; \
	wait $$types && exit $$rules

fix: $(DEV) ## format and repair what a machine can
	$(BIN)/ruff format src tests benchmarks
	$(BIN)/ruff check --fix src tests benchmarks

bench: $(DEV) ## run the benchmarks side by side (minutes)
	for file in benchmarks/[a-z]*.py; do $(BIN)/python $$file || exit 1; done
