# Everything a newcomer types. Each target sets up what it needs; nothing is installed outside this folder.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# The first Python on the path that really starts, is new enough and can make environments. PYTHON=... overrides.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
    "$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$p" && break; \
    done)
UV_VERSION := 0.13.8
VENV := .venv
BIN := $(VENV)/bin
PIP := -m pip --disable-pip-version-check --quiet
REPORTS ?= build/demo
PYTEST_ARGS ?=
BENCH_ARGS ?=

# In CI a tool that cannot be installed is a failure; on a newcomer's machine its tests are skipped and say so.
optional = $(if $(CI),false,echo "$(1)" >&2)

.PHONY: help
help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: python
python:
	@if [ -z "$(PYTHON)" ]; then \
	    echo "Python 3.11 or newer with its venv and ensurepip modules is needed, and none was found on the path." >&2; \
	    echo "Install one (Debian: apt-get install python3 python3-venv) or name it: make PYTHON=/path/to/python3 ..." >&2; \
	    exit 2; \
	fi

$(VENV)/.installed: requirements.lock pyproject.toml | python
	@echo "setting up $(VENV) with $$($(PYTHON) --version) ..."
	@"$(PYTHON)" -m venv --clear $(VENV)
	@$(BIN)/python $(PIP) install --require-hashes -r requirements.lock
	@$(BIN)/python $(PIP) install --no-deps --no-build-isolation --editable .
	@# As pip does for all else: where Python is told to keep no bytecode, each start would compile the sources.
	@$(BIN)/python -m compileall -q mock_server conformance
	@touch $@

node_modules/.installed: package-lock.json
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "node and npm are not on the path" >&2; exit 1; }
	@echo "installing the Node tools that judge the contracts ..."
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.venv-sdk/.installed: tests/sdk/requirements.lock | python
	@echo "setting up .venv-sdk with the vendor's own client ..."
	@"$(PYTHON)" -m venv --clear .venv-sdk
	@.venv-sdk/bin/python $(PIP) install --require-hashes -r tests/sdk/requirements.lock
	@touch $@

.PHONY: demo
demo: $(VENV)/.installed ## start the mock, run the suite on it, leave an HTML report
	@$(BIN)/python tools/demo.py --report-dir "$(REPORTS)"

.PHONY: run
run: $(VENV)/.installed ## keep the mock up and print what to try next
	@$(BIN)/histdata-mock serve

.PHONY: lint
lint: $(VENV)/.installed ## ruff and mypy --strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

.PHONY: test
test: lint tools ## everything: lint, types, tests
	@$(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

# What only some tests need, and a machine may lack.
.PHONY: tools
tools: $(VENV)/.installed
	@$(MAKE) node_modules/.installed || $(call optional,without the Node tools their tests are skipped)
	@$(MAKE) .venv-sdk/.installed || $(call optional,without the vendor's client its tests are skipped)

.PHONY: lock
lock: | python ## resolve the dependencies anew and lock them with hashes
	@"$(PYTHON)" -m venv build/lock
	@build/lock/bin/python $(PIP) install uv==$(UV_VERSION)
	@build/lock/bin/uv $(UV_LOCK) --extra dev pyproject.toml -o requirements.lock
	@build/lock/bin/uv $(UV_LOCK) tests/sdk/requirements.in -o tests/sdk/requirements.lock
	@for folder in . benchmarks; do \
	    (cd $$folder && npm install --package-lock-only --ignore-scripts --no-audit --no-fund --loglevel=error \
	        --omit-lockfile-registry-resolved); \
	done

# Universal: one file for every Python and platform. No index address: the registry is the reader's choice.
UV_LOCK := pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --upgrade \
    --no-header --no-annotate --no-emit-index-url --no-emit-find-links

benchmarks/node_modules/.installed: benchmarks/package-lock.json
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "node and npm are not on the path" >&2; exit 1; }
	@echo "installing the other mock servers ..."
	@cd benchmarks && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: bench
bench: $(VENV)/.installed ## measure the mock beside other mock servers, for five minutes
	@$(MAKE) benchmarks/node_modules/.installed || echo "without the other servers" >&2
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

.PHONY: clean
clean: ## remove everything that was made here
	@rm -rf $(VENV) .venv-sdk node_modules benchmarks/node_modules build dist reports .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
