# The two commands of the README. Each sets up what it needs in .venv, and nothing outside the clone.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo test lint zoo clean

demo: $(VENV)/installed
	$(BIN)/kgen train dcgan_glyphs $(if $(wildcard runs/dcgan_glyphs/config.json),--resume)

test: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest

lint: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

zoo: $(VENV)/installed
	$(BIN)/python -m kgen.zoo

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "kgen needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# editable_mode=compat puts the clone on the path. The default finds kgen by a hook that comes after
# the path, and a script beside the clone would see the folder kgen/ as an empty package.
EDITABLE := --config-settings editable_mode=compat --editable

$(VENV)/installed: setup.cfg pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet $(EDITABLE) .
	@touch $@

$(VENV)/installed-dev: setup.cfg pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt $(EDITABLE) '.[dev,jax,torch]'
	@touch $(VENV)/installed $@

clean:
	rm -rf $(VENV) build dist *.egg-info
