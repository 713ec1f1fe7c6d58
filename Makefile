# Two commands matter: `make run` and `make test`. Both work on a bare machine with Python 3.11+.
# They run from any folder: make -C /path/to/checkout run
ROOT := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
PYTHON ?= python3
VENV := $(ROOT)/.venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export HF_HUB_OFFLINE := 1

.PHONY: run test test-full bench check format install lock clean

run: $(VENV)/.runtime
	cd $(ROOT) && exec $(BIN)/skyy up --demo

test: $(VENV)/.dev
	cd $(ROOT) && $(BIN)/python -m pytest -n 2 --dist worksteal -m "not full" $(ARGS)

test-full: $(VENV)/.dev
	cd $(ROOT) && SKYY_TEST_TIER=full $(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

bench: $(VENV)/.dev
	cd $(ROOT) && $(BIN)/python -m tests.benchmarks $(ARGS)

check: $(VENV)/.dev
	cd $(ROOT) && $(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy

format: $(VENV)/.dev
	cd $(ROOT) && $(BIN)/ruff format . && $(BIN)/ruff check --fix .

install: $(VENV)/.dev

# torch first: what depends on it then finds it, and no other build is fetched.
$(VENV)/.runtime: $(ROOT)/requirements.lock $(ROOT)/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; found $$($(PYTHON) --version). Set PYTHON=/path/to/python3.11."; exit 1; }
	@test -x $(BIN)/python || { echo "Making .venv ..."; $(PYTHON) -m venv $(VENV); }
	@echo "Installing torch ..." && $(BIN)/python -m pip install --quiet torch==2.13.0
	@echo "Installing the packages of requirements.lock (a minute or two) ..." && $(BIN)/python -m pip install --quiet --requirement $(ROOT)/requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --editable $(ROOT)
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime $(ROOT)/requirements-dev.lock
	@echo "Installing the tools for development ..." && $(BIN)/python -m pip install --quiet --requirement $(ROOT)/requirements-dev.lock
	@touch $@

# Writes both locks from pyproject.toml; torch stays out of them, since it is installed first and by itself.
COMPILE := $(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	--no-annotate --no-header --no-allow-unsafe --unsafe-package torch --unsafe-package pip --upgrade
lock: $(VENV)/.dev
	cd $(ROOT) && $(COMPILE) --extra ml --extra dashboard --extra serve -o requirements.lock pyproject.toml
	cd $(ROOT) && $(COMPILE) --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml

clean:
	rm -rf $(VENV) $(ROOT)/build $(ROOT)/dist $(ROOT)/bench-results
