# Commands for a newcomer. The private environment lies in .venv; nothing else on the machine changes.

PYTHON ?=
WORKERS ?= 2
# Tests that compare runs bit by bit: test-all runs them again with programs that are compiled as for users.
BITWISE := tests/training tests/engines tests/studies/compare/test_winner.py tests/cli/test_end_to_end.py
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11 python
OLDEST := 3.11

# Tests that run with the lowest allowed versions of the dependencies, too: they use each of them. An old version may
# use functions that a newer one deprecates.
LOWEST_TESTS := tests/data/readers tests/data/writers tests/render tests/studies/train

ENV := .venv
LOWEST_ENV := .venv-lowest
RUN := $(ENV)/bin/python -m
PIP := $(RUN) pip --disable-pip-version-check

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-all test-lowest lint types contract check environment clean

help:
	@echo "make demo      install into $(ENV), then compare optimizers on handwritten digits"
	@echo "make test      install the test tools, then run all tests except the slow ones"
	@echo "make test-all  run all tests, and some a second time with optimized programs"
	@echo "make test-lowest  run a part of the tests with the lowest allowed versions of the dependencies"
	@echo "make check     run lint, types, contract and test"
	@echo "make lint      check errors and format with ruff"
	@echo "make types     check types with mypy"
	@echo "make contract  check the import rules with import-linter"
	@echo "make clean     remove $(ENV) and all caches"
	@echo "Another Python ($(OLDEST) or newer): make demo PYTHON=python3.12"

demo: $(ENV)/.installed
	@$(ENV)/bin/ravine compare digits

test: $(ENV)/.test-installed
	@$(RUN) pytest -n $(WORKERS) --dist worksteal --compile quick -m "not slow"

test-all: $(ENV)/.test-installed
	@$(RUN) pytest -n $(WORKERS) --dist worksteal --compile quick
	@$(RUN) pytest -n $(WORKERS) --dist worksteal $(BITWISE)

test-lowest: $(LOWEST_ENV)/.installed
	@$(LOWEST_ENV)/bin/python -m pytest -n $(WORKERS) --dist worksteal --compile quick -m "not slow" \
	  -W ignore::DeprecationWarning $(LOWEST_TESTS)

lint: $(ENV)/.test-installed
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .

types: $(ENV)/.test-installed
	@$(RUN) mypy

contract: $(ENV)/.test-installed
	@$(ENV)/bin/lint-imports

check: lint types contract test

environment: $(ENV)/.test-installed

clean:
	rm -rf $(ENV) $(LOWEST_ENV) .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist
	find src tests -type d -name __pycache__ -prune -exec rm -rf {} +

# Stamps: the environment is made once, and installed again only if pyproject.toml has changed. The project is
# installed in place, so a changed source needs no installation.

$(ENV)/.made:
	@python=; seen=; \
	for each in $(if $(PYTHON),"$(PYTHON)",$(CANDIDATES)); do \
	  command -v "$$each" > /dev/null 2>&1 || continue; \
	  version=$$("$$each" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2> /dev/null) || continue; \
	  seen="$$seen, $$each is $$version"; \
	  if "$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then python=$$each; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  seen=$${seen:-, $(or $(PYTHON),python3) cannot be run}; \
	  echo "Ravine needs Python $(OLDEST) or newer." \
	    "Here$${seen#,}." \
	    "Install one, or name it: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; \
	  exit 1; \
	fi; \
	echo "Making $(ENV) with $$python ..."; \
	if ! "$$python" -m venv $(ENV); then \
	  echo "$$python cannot make an environment in $(ENV)." \
	    "It may lack its venv module: on Debian and Ubuntu, apt install python3-venv." >&2; \
	  rm -rf $(ENV); exit 1; \
	fi
	@touch $@

$(ENV)/.installed: $(ENV)/.made pyproject.toml
	@echo "Installing Ravine into $(ENV) ..."
	@$(PIP) install --quiet --editable .
	@touch $@

$(ENV)/.test-installed: $(ENV)/.made pyproject.toml
	@echo "Installing Ravine and its test tools into $(ENV) ..."
	@$(PIP) install --quiet --editable '.[test]'
	@touch $(ENV)/.installed $@

$(LOWEST_ENV)/.installed: $(ENV)/.made pyproject.toml scripts/lowest_versions.py
	@echo "Installing Ravine with the lowest allowed versions of its dependencies into $(LOWEST_ENV) ..."
	@$(ENV)/bin/python -m venv --clear $(LOWEST_ENV)
	@$(ENV)/bin/python scripts/lowest_versions.py > $(LOWEST_ENV)/constraints.txt
	@$(LOWEST_ENV)/bin/python -m pip --disable-pip-version-check install --quiet \
	  --constraint $(LOWEST_ENV)/constraints.txt --editable '.[parquet,hdf5,root]' \
	  pytest pytest-xdist hypothesis
	@touch $@
