# `make` alone lists the targets. Everything runs from .venv in this clone; nothing is installed
# outside of it except Apache Kafka's jars (in ~/.cache/omniroute, when a test or BROKER=kafka
# asks for them) and Debian packages that `make test` announces before it installs them.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
SHELL := /bin/sh

VENV := .venv
BIN := $(VENV)/bin
# Tests at a time: those with servers mostly wait.
BESIDE ?= 2
SLOWEST = --durations=20 --durations-min=5
# The first of these that is at least 3.11.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	$(if $(UPGRADE),--upgrade)

.PHONY: help
help: ## list the targets
	@echo "OmniRoute: contact events on Kafka in, one routing decision each out."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: deps
deps: $(VENV)/.runtime $(VENV)/.package $(VENV)/.dev ## install everything into .venv, as locked

.PHONY: run
run: $(VENV)/.runtime $(VENV)/.package ## see it work; FOR=30 ends by itself, BROKER=kafka, SPEED=..
	@$(BIN)/omniroute run $(if $(FOR),--for $(FOR)) $(if $(BROKER),--broker $(BROKER)) \
		$(if $(SPEED),--speed $(SPEED)) $(ARGS)

.PHONY: test
test: lint ## lint, then every test that is not slow; ARGS=... goes to pytest
	@$(BIN)/pytest -m "not slow" -n $(BESIDE) $(SLOWEST) $(ARGS)

.PHONY: check
check: deps ## the slower tests: campaigns, fuzzing, a fresh clone; ARGS=... goes to pytest
	@$(BIN)/pytest -m slow --hypothesis-profile=check -n $(BESIDE) $(SLOWEST) $(ARGS)

.PHONY: chaos
chaos: deps ## faults against Apache Kafka, the short form; ROW=2 BUDGET=40m SEED=.. the long one
	@$(if $(ROW),$(BIN)/python -m tests.fault.chaos --row $(ROW) $(if $(BUDGET),--budget $(BUDGET)) \
		$(if $(SEED),--seed $(SEED)) $(ARGS),$(BIN)/pytest -m slow tests/fault/test_chaos.py \
		tests/fault/test_workers.py $(ARGS))

.PHONY: bench
bench: deps ## how fast, beside others in the same run; minutes, on a machine that does nothing else
	@$(BIN)/python -m bench.rules_beside
	@$(BIN)/python -m bench.decide
	@$(BIN)/python -m bench.sentiment_latency
	@$(BIN)/python -m bench.router_latency

.PHONY: soak
soak: deps ## does anything grow? an hour at 70 % of the capacity; ARGS="--service sentiment --minutes 10"
	@$(BIN)/python -m bench.soak $(ARGS)

.PHONY: train
train: deps ## fit the sentiment model anew, from OMNIROUTE_DATA and our own texts (ten minutes)
	@$(BIN)/omniroute sentiment train $(ARGS)

.PHONY: lint
lint: deps ## ruff, mypy --strict and the import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

.PHONY: proto
proto: deps ## lint the contract, find breaking changes, write what follows from it
	@cd proto && ../$(BIN)/buf lint && ../$(BIN)/buf breaking --against contract.binpb
	@$(BIN)/python proto/generate.py

.PHONY: lock
lock: deps ## write the lock files anew from pyproject.toml; UPGRADE=1 takes newer versions
	@$(UV_COMPILE) --extra cel --extra demo --extra judge --group build pyproject.toml -o requirements.lock
	@$(UV_COMPILE) --group dev --constraint requirements.lock -o requirements-dev.lock

.PHONY: clean
clean: ## remove .venv and every cache in this clone
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- .venv: made anew when what it must hold has changed, added to when only the tests need more
# (--no-deps: the locks are complete, and a test runs `pip check`)

PIP_INSTALL := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps

$(VENV)/.runtime: requirements.lock
	@test -n "$(PYTHON)" || { echo "OmniRoute needs Python 3.11 or newer as python3," \
		"or named: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@echo "Installing the locked packages into $(VENV) ..."
	@$(PYTHON) -m venv --clear $(VENV) || { echo "This Python cannot make a virtual environment;" \
		"on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(PIP_INSTALL) --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.package: pyproject.toml $(VENV)/.runtime
	@$(PIP_INSTALL) --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing what the tests need into $(VENV) ..."
	@$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@
