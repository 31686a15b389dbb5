# Two commands: `make demo` and `make test`. Everything they need they install themselves.
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8400
BIN := $(VENV)/bin

.PHONY: help demo demo-reset test check format screenshots texts clean

help:  ## Show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

demo: $(VENV)/.demo  ## Run the whole service on this machine (Ctrl-C stops it)
	@$(BIN)/survey demo --port $(PORT)

demo-reset: $(VENV)/.demo  ## The same afresh, without the data of earlier runs
	@$(BIN)/survey demo --reset
	@$(BIN)/survey demo --port $(PORT)

test: $(VENV)/.test  ## Run every test, in a real browser too
	@scripts/ensure-chromium
	@scripts/ensure-r
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup

check: $(VENV)/.check test  ## Everything that CI runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.check  ## Put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

screenshots: $(VENV)/.test  ## Pictures of every page, on screenshots/sv.html and ar.html
	@scripts/ensure-chromium
	@$(BIN)/python -m scripts.screenshots

texts: $(VENV)/.demo  ## Gather the interface's texts for translation
	@scripts/gather-texts

clean:  ## Remove what was installed and made here
	rm -rf $(VENV) .data

$(VENV)/.python:
	@echo "  … a virtual environment in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed."; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.%: $(VENV)/.python pyproject.toml constraints.txt
	@echo "  … what the $* needs, with pip (half a minute)"
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[demo,$*]"
	@touch $@

.PHONY: bench
bench: $(VENV)/bench/.ready  ## Measure the adaptive engine, beside other engines, and EQ-5D
	@OPENBLAS_NUM_THREADS=1 $(VENV)/bench/bin/python -m benchmarks.engine
	@$(VENV)/bench/bin/python -m benchmarks.agreement
	@$(VENV)/bench/bin/python -m benchmarks.eq5d

.PHONY: bench-feed
bench-feed: $(VENV)/.test  ## Measure a register's pull of 100,000 results
	@$(BIN)/python -m benchmarks.feed

.PHONY: bench-pages
bench-pages: $(VENV)/.test  ## Measure every staff page with 100,000 responses at the provider
	@$(BIN)/python -m benchmarks.pages

.PHONY: bench-notifications
bench-notifications: $(VENV)/.test  ## Measure 10,000 invitations by one worker that is killed five times
	@$(BIN)/python -m benchmarks.notifications

.PHONY: bench-question
bench-question: $(VENV)/.test  ## Measure the first paint of a question on slow 3G
	@scripts/ensure-chromium
	@$(BIN)/python -m benchmarks.question_page

.PHONY: bench-follow-up
bench-follow-up: $(VENV)/.test  ## Measure the follow-up of a unit with 100,000 responses
	@$(BIN)/python -m benchmarks.follow_up

# An environment of its own: what the other engines need is none of the service's business.
$(VENV)/bench/.ready: $(VENV)/.python pyproject.toml constraints.txt
	@echo "  … other engines to measure beside, with pip (half a minute)"
	@$(PYTHON) -m venv $(VENV)/bench
	@$(VENV)/bench/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[bench]"
	@touch $@
