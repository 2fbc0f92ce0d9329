# Market Brief. `make run` for a report, `make test` for the tests, `make help` for the rest.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SHARED_DATA ?= ../shared/data
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help install run test browser lint format typecheck bench bench-memory bench-statistics bench-stories bench-topics models frontier sample lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## Create .venv and install from the lock file

$(STAMP): requirements/lock.txt requirements/torch.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing from requirements/lock.txt (a few minutes the first time) ..."
	@$(BIN)/pip install -q 'pip>=25,<27'
	@$(BIN)/pip install -q -r requirements/torch.txt
	@$(BIN)/pip install -q --no-deps --require-hashes -r requirements/lock.txt
	@$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	@touch $(STAMP)

run: install ## Run the weekly flow on the sample project, for its whole history
	@$(BIN)/marketbrief run

test: install ## Run all tests
	@$(BIN)/pytest -n auto --dist loadfile

browser: install ## Open reports in Chromium: phone and desktop, light and dark, print, axe-core, hostile text
	@$(BIN)/pip install -q -r requirements/browser.txt
	@$(BIN)/pytest tests/browser -m browser

lint: install ## Linter, formatter and type checker, without changing anything
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: install ## Let the formatter and the linter mend what they can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: install ## Measure the encoder with its heads and the whole enrichment against customary pipelines
	@$(BIN)/python -m tests.bench

bench-memory: install ## Measure how memory grows over 100,000 short reviews
	@$(BIN)/python -m tests.bench.memory

bench-topics: install ## Compare ways to find topics; the planted stream; what topics cost
	@OMP_NUM_THREADS=1 $(BIN)/python -m tests.bench.topics --data $(SHARED_DATA)

bench-stories: install ## Measure how well and how fast copies, stories and spam are told
	@MARKETBRIEF_SHARED_DATA=$(SHARED_DATA) $(BIN)/python -m tests.bench.story_sets

bench-statistics: install ## Count false signals on quiet weeks, and what planted changes are found
	@PYTHONPATH=tests OMP_NUM_THREADS=1 $(BIN)/python -m tests.bench.signals

models: install ## Train the shipped models again (needs the training data in SHARED_DATA)
	@$(BIN)/python -m flows.train english --data $(SHARED_DATA)
	@$(BIN)/python -m flows.train chinese --data $(SHARED_DATA)

frontier: install ## Measure accuracy and speed of the ways to share the encoder (needs SHARED_DATA; 10 CPU-minutes)
	@OMP_NUM_THREADS=1 $(BIN)/python -m flows.train frontier --data $(SHARED_DATA)

sample: install ## Write the sample project's data again
	@$(BIN)/python data/sample/generate.py

lock: ## Resolve the dependencies again into requirements/lock.txt
	@requirements/lock.sh

clean: ## Remove what runs made (warehouse, snapshot, reports); keeps .venv and the sample
	@find data -mindepth 1 -maxdepth 1 ! -name sample ! -name models ! -name golden -exec rm -rf {} +
	@find reports -mindepth 1 -maxdepth 1 ! -name templates -exec rm -rf {} +
