# Two commands on a fresh Debian with Python 3.11 and root: `make demo`, `make test`. Each sets up what it needs.

DURATION ?= 90
PYTHON ?= python3
BIN := .venv/bin
export PYTHON

.PHONY: demo run test lint bench setup lock clean

setup:
	scripts/setup test

# The board shows the rest of the set-up, once there is a Python to draw it with.
demo:
	@scripts/setup python
	@exec $(BIN)/python -m demo --duration $(DURATION)

run:
	@scripts/setup python
	@exec $(BIN)/python -m demo

test: setup
	scripts/run-tests

lint: setup
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench:
	scripts/setup test
	$(BIN)/python -m bench

# Pins with hashes for every Python from 3.11 to 3.13; addresses do not belong in them.
UV := var/tools/uv/bin/uv
COMPILE := $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	--no-emit-find-links

lock: $(UV)
	$(COMPILE) -o requirements.txt pyproject.toml
	$(COMPILE) --extra dev -o requirements-dev.txt pyproject.toml

$(UV):
	$(PYTHON) -m venv var/tools/uv
	var/tools/uv/bin/pip install -q uv

clean:
	rm -rf --one-file-system .venv var/tools var/setup.* build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -not -path './var/*' -prune -exec rm -rf {} +
