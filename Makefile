# Everything here works from a clean machine: Python 3.11 or newer with venv, and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# Compiled afterwards, by all cores at once; packages carry files for other Pythons, which do not compile.
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile

# Every test process and every program that tests start loads our code; compiling it each time would take longer.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo test nightly bench fmt lint lock snapshots schema clean

help:  ## Show what you can do here
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Backout needs Python 3.11 or newer; set PYTHON=python3.12, for example")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what requirements.lock pins into $(VENV) (once) ..."
	@awk '/^pip==/ {p=1; print; next} /^[^ ]/ {p=0} p' requirements.lock > $(VENV)/pip.lock
	@$(PIP) --require-hashes -r $(VENV)/pip.lock
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-build-isolation -e .
	@$(BIN)/python -m compileall -q -j 0 -x '/(moto|pip|setuptools|virtualenv)/' actions bot $(VENV)/lib || true
	@touch $@

demo: $(STAMP)  ## Try it in a browser: an example company, the bot, a page that looks like Slack
	@$(BIN)/backout demo

test: lint  ## Lint, types, import contracts and every test
	$(BIN)/python .ci/again.py

nightly: $(STAMP)  ## What takes too long for every day: hundreds of kills, long tests
	BACKOUT_TEST_REQUIRE=slow,nightly $(BIN)/python -m pytest -n 2 --dist worksteal -m "slow or nightly" -W error
	$(BIN)/python -m bench kill --replicas 1
	$(BIN)/python -m bench kill --replicas 3

bench: $(STAMP)  ## Measure the promises in docs/benchmarks.md, as ratios
	$(BIN)/python -m bench

fmt: $(STAMP)  ## Format the code and mend what can be mended by itself
	$(BIN)/ruff check --fix-only --quiet . ; $(BIN)/ruff format .

lint: $(STAMP)  ## Formatting, lint, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --num-workers 2
	$(BIN)/lint-imports

lock: $(STAMP)  ## Renew requirements.lock from pyproject.toml
	$(BIN)/python .ci/lock.py

snapshots: $(STAMP)  ## Renew the snapshots of what Backout says in Slack; read the difference
	BACKOUT_TEST_SNAPSHOTS=renew $(BIN)/python -m pytest -q -n 0 tests/render/test_snapshots.py

schema: $(STAMP)  ## Renew the generated pages in docs/
	$(BIN)/python -m bot.docs

clean:  ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
