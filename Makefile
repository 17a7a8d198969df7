# Verifill in one command each; `make help` lists them.

PYTHON ?= python3
VENV ?= .venv

# On Linux, PyPI's torch brings gigabytes of CUDA.  Its CPU build comes from this index instead;
# set TORCH_INDEX= (empty) where torch is provided another way, or to a CUDA index for a GPU.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --no-input -c constraints.txt
KEY := $(shell cat pyproject.toml constraints.txt Makefile | cksum | cut -d ' ' -f 1)
READY := $(VENV)/ready-$(KEY)
SAY := printf '\n\033[1m== %s\033[0m\n'

# Nothing is fetched while testing or showing.
export HF_HUB_OFFLINE := 1

.PHONY: help setup demo test lint typecheck unit fix bench wheel vsix e2e langs peers clean

help:  ## List the commands
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY)  ## Make .venv with everything in it (the others do that by themselves)

demo: $(READY)  ## Complete at a few cursors of examples/ and show what happened
	@$(BIN)/verifill demo

test: lint typecheck unit  ## Style, types, tests; CI runs e2e and langs, too
	@$(SAY) "all checks passed"

lint: $(READY)  ## Style, format, and which package may import which
	@$(SAY) "ruff"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(SAY) "import-linter"
	@$(BIN)/lint-imports

typecheck: $(READY)  ## Types
	@$(SAY) "mypy (a first run takes a minute or two)"
	@$(BIN)/mypy

unit: $(READY)  ## Tests; make unit ARGS="tests/monitors -x" runs some
	@$(SAY) "pytest"
	@$(BIN)/python -m pytest $(ARGS)

fix: $(READY)  ## Mend style and format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(READY)  ## Measure how often the monitors forbid what is right; bench/ has more programs
	@$(BIN)/python -m bench.truth_forbid $(ARGS)

wheel: $(READY)  ## Build dist/*.whl, the model in it
	@$(SAY) "wheel"
	@rm -f dist/*.whl
	@$(BIN)/python -m hatchling build -t wheel

# The extension installs the wheel that comes along, where there is no server.
vsix: wheel  ## Build dist/*.vsix, the VS Code extension with the wheel in it (needs Node 20 and npm)
	@$(SAY) "VS Code extension"
	@$(BIN)/python vscode-extension/settings.py --check
	@rm -rf vscode-extension/server dist/*.vsix
	@mkdir vscode-extension/server
	@cp dist/*.whl constraints.txt vscode-extension/server/
	@cd vscode-extension && npm ci --ignore-scripts --loglevel=error && npm run -s check && npm run -s test && npm run -s package

# code: VS Code on Node 20; newest: the newest VS Code, with a Node of its own; neovim, emacs, helix
LANES ?= code neovim

e2e: $(READY)  ## Tests in real editors, set up in .e2e/; LANES="code newest" and so on chooses others
	@$(SAY) "editors: $(LANES)"
	@$(PIP) -q --no-build-isolation -e '.[dev,e2e]'
	@if command -v npm >/dev/null; then $(MAKE) vsix; else $(MAKE) wheel; fi
	@$(BIN)/python -m tests.e2e.tools $(LANES)
	@VERIFILL_E2E=1 $(BIN)/python -m pytest tests/e2e $(ARGS)

LANGS ?= typescript go cpp rust

langs: $(READY)  ## Tests with real language servers, set up in .langs/; LANGS="php" and so on chooses others
	@$(SAY) "language servers: $(LANGS)"
	@$(BIN)/python -m tests.langs.tools $(LANGS)
	@$(BIN)/python -m pytest tests/langs $(ARGS)

peers: $(READY)  ## Measure other programs beside ours; builds llama.cpp first (about ten minutes, needs cmake)
	@$(BIN)/python -m bench.peers.setup
	@$(BIN)/python -m bench.peers $(ARGS)

clean:  ## Remove .venv and all caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist
	rm -rf .e2e .langs .peers vscode-extension/node_modules vscode-extension/dist vscode-extension/server
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY):
	@$(SAY) "1/3 virtual environment in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Verifill needs Python 3.11 or newer, and $(PYTHON) is older; say make PYTHON=python3.12"; exit 1; }
	@rm -f $(VENV)/ready-*
	@$(PYTHON) -m venv $(VENV)
	@$(SAY) "2/3 torch (about 200 MB)"
	@$(call install_torch)
	@$(SAY) "3/3 everything else"
	@$(PIP) hatchling
	@$(PIP) --no-build-isolation -e '.[dev]'
	@touch $@

# The index is asked briefly and once: behind a closed network the default one has to do.
define install_torch
if [ -z "$(TORCH_INDEX)" ] || [ "$$(uname -s)" != Linux ]; then \
	$(PIP) torch; \
elif ! $(PIP) --no-deps --retries 0 --timeout 15 --index-url "$(TORCH_INDEX)" torch; then \
	echo "$(TORCH_INDEX) cannot be used; taking torch from the default package index"; \
	$(PIP) torch; \
fi
endef
