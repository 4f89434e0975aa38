PYTHON ?= python3.11
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: install demo test check bench docs clean

install: $(STAMP)  ## make .venv with everything

$(STAMP): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet torch==2.13.0
	$(BIN)/pip install --quiet --editable ".[train,dev]"
	touch $@

.venv/bin/gliokit: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable .

demo: .venv/bin/gliokit  ## analyze a simulated study and say where its report is
	$(BIN)/gliokit demo --force

test: install  ## all tests, the slow ones too
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadgroup --max-worker-restart 0

check: install  ## format, lint, types, floors, spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell src tests docs training benchmarks README.md CHANGELOG.md

bench: install  ## every benchmark, one JSON line each
	$(BIN)/pip install --quiet --editable ".[bench]"
	for file in benchmarks/*.py; do $(BIN)/python -m benchmarks.$$(basename $$file .py) || exit 1; done

docs: install  ## the files in docs/ that are made from the code
	$(BIN)/python docs/make.py

clean:
	rm -rf .venv demo
