# Two commands do everything a newcomer needs: `make demo` and `make test`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& { echo $$p; break; }; done)

.PHONY: help setup demo up test check bench soak simulate endure machines format lock clean

help: ## show what can be run
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.ready ## create .venv with the locked dependencies

$(VENV)/.ready: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "chatledger needs Python 3.11, 3.12 or 3.13 with the venv module; install it (Debian: apt-get install python3-venv) or run: make PYTHON=/path/to/python $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up $(VENV) with $(PYTHON) (once, one to three minutes) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## run the main job on the embedded sandbox
	@$(BIN)/chatledger demo

up: setup ## run everything until Ctrl-C: Prefect, a tick every minute, the web pages (ARGS=--sandbox for the stand-ins)
	@$(BIN)/chatledger serve $(ARGS)

test: setup ## check formatting, lint, types and imports, then run every test
	@$(BIN)/python -m tests.system_packages
	@$(MAKE) --no-print-directory check
	@$(BIN)/python -m pytest -n 3 --dist worksteal

check: setup ## formatting, lint, types and the import rule only
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

simulate: setup ## exact delivery by simulation: seeds (SEEDS=20000), pairs of crash points, mutants of the safety code
	@PYTHONHASHSEED=0 $(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),2000) --crash-points
	@PYTHONHASHSEED=0 $(BIN)/python -m tests.simulation.mutants

endure: setup ## real processes: 200 SIGKILLs, 50 database restarts, two schedulers, broken connections (about ten minutes)
	@$(BIN)/python -m tests.endurance

machines: setup ## PostgreSQL, Redis, Prefect's parts and 3 workers for 20 organisations, one worker killed (about 25 minutes)
	@$(BIN)/python -m tests.deployments.machines $(ARGS)

bench: setup ## overhead of a tick, live chat, sync log over five million messages (about half an hour, 15 GB of disk)
	@$(BIN)/python -m tests.bench.overhead
	@$(BIN)/python -m tests.bench.live_chat
	@$(BIN)/python -m tests.bench.sync_log_pages

soak: setup ## serve an hour's worth of ticks in ten minutes: missed and overlapping ones, memory, files, disk
	@$(BIN)/python -m tests.bench.soak

format: setup ## format the code and apply safe lint fixes
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: ## resolve the dependencies anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-annotate --no-header --quiet \
		--group dev pyproject.toml -o requirements.lock

clean: ## remove the environment and every cache, keep the state folder
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
