# Three targets do everything on a machine that has Python 3.11 or later, make and git:
#   make check      the main job: check all shipped environments
#   make test       the tests, but for those that take longer than 20 seconds each
#   make test-all   all tests
# Each makes its own virtual environment first.

PYTHON ?= python3
VENV ?= .venv
# Processes that share the tests (how: tests/conftest.py): one a core, but no more than memory is surely there for.
WORKERS ?= -n auto --maxprocesses 4
# More options of pytest.
TESTS ?=
BIN := $(VENV)/bin

.PHONY: check test test-all lint types docs clean

check: $(VENV)/ready
	$(BIN)/hintproof check

test: $(VENV)/ready
	$(BIN)/python -m pytest $(WORKERS) $(TESTS)

test-all: $(VENV)/ready
	$(BIN)/python -m pytest $(WORKERS) --slow $(TESTS)

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo --cache-dir $(VENV)/imports

types: $(VENV)/ready
	$(BIN)/mypy

docs: $(VENV)/ready
	$(BIN)/python docs/generate.py --check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,docs]'
	touch $@

clean:
	rm -rf $(VENV) site hintproof-traces hintproof-certificates
