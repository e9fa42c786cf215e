# Everything runs from here. A first call sets up .venv; later calls rebuild only what changed.
#   make run | test | lint | bench | bench-gate | sanitize | fuzz | flamegraph | clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BUILD := build/dev
SOURCES := $(shell find csrc bot3 tools tests/native -type f -not -path '*/__pycache__/*' 2>/dev/null) meson.build meson.options pyproject.toml
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
export B3_INTERNALS := $(CURDIR)/$(BUILD)/tests/native
# The build's own tools, then whatever the machine has.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: run test test-host lint bench bench-gate bench-baseline sanitize fuzz flamegraph clean install dev

run: $(VENV)/.installed
	$(BIN)/bot3 run

# What measures or changes the host has it for itself, after the rest.
test: $(VENV)/.test
	$(BIN)/pytest -q -n auto --dist loadfile --ignore=tests/hwtune
	$(BIN)/pytest -q tests/hwtune

test-host: $(VENV)/.test
	$(BIN)/python tests/hwtune/booted_host.py

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	git ls-files 'csrc/*.[ch]' 'bot3/*.c' 'tests/*.[ch]' 'benches/*.[ch]' 'tools/*.[ch]' | xargs $(BIN)/clang-format --dry-run --Werror

bench: $(VENV)/.test
	$(BIN)/python benches/report.py

# What cannot be judged here (exit code 3; the gate says why) is no failure. .ci/run decides for itself.
bench-gate: $(VENV)/.test
	$(BIN)/python benches/gate.py || [ $$? = 3 ]

bench-baseline: $(VENV)/.test
	$(BIN)/python benches/gate.py --write

sanitize: $(VENV)/.test
	tests/sanitize.sh

fuzz: $(VENV)/.test
	tests/fuzz/run.sh $${SECONDS_EACH:-60}

flamegraph: $(VENV)/.dev
	$(BIN)/python benches/flamegraph.py out/flamegraph.svg

clean:
	rm -rf build dist out $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

install: $(VENV)/.installed
dev: $(VENV)/.dev

$(VENV)/.created:
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade pip
	$(BIN)/python tools/requires.py build | $(PIP) install -r /dev/stdin
	@touch $@

# Built in place and installed as a user would have it: what is tested is what is shipped.
$(VENV)/.installed: $(VENV)/.created $(SOURCES)
	$(PIP) install --no-build-isolation --no-warn-script-location -Cbuild-dir=$(BUILD) -Csetup-args=-Dwerror=true .
	@touch $@

$(VENV)/.test: $(VENV)/.installed
	meson configure $(BUILD) -Dtests=true
	ninja -C $(BUILD)
	$(BIN)/python tools/requires.py test | $(PIP) install -r /dev/stdin
	@touch $@

$(VENV)/.dev: $(VENV)/.test
	$(BIN)/python tools/requires.py dev | $(PIP) install -r /dev/stdin
	@touch $@

