# Two commands do everything on a fresh machine with Python 3.11 or newer: make demo, make test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check lint bundle clean

$(VENV)/demo.stamp: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[report,serve]"
	touch $@

$(VENV)/train.stamp: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[train]"
	touch $@

$(VENV)/dev.stamp: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@

demo: $(VENV)/demo.stamp  ## score the shipped sample, write the report, start the service
	$(BIN)/jiesu demo -o out/demo

test: $(VENV)/dev.stamp  ## all tests, with what they need
	tests/services.sh
	$(BIN)/pytest

check: $(VENV)/dev.stamp  ## style, types and the order of the rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bundle: $(VENV)/train.stamp  ## train the default bundle again (needs the data beside the checkout)
	$(BIN)/jiesu train configs/train/default.yaml --data ../shared/data -o models/default

clean:
	rm -rf $(VENV) out build dist
