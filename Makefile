# Every command a developer needs; `make` alone lists them.
# Settings come by environment: PORT, POP_DATA_DIR and the others of docs/settings.md; PYTHON chooses the Python.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv/bin
# More than cores: tests of servers wait rather than compute; each further process costs some 10 s to set up.
WORKERS ?= 3
ARGS ?=
# Every test process imports the service: compiled once and kept, whatever the environment says of bytecode.
PYTEST := PYTHONDONTWRITEBYTECODE= exec $(VENV)/python -m pytest

.PHONY: help setup setup-dev run test test-full mail-report intake-rate fuzz kills lint lint-style lint-types lint-house format messages data-model shots lock clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

setup: ## make .venv from the hashed lock file (run and test do it by themselves)
	@sh deploy/setup.sh

setup-dev:
	@sh deploy/setup.sh --dev

# exec: Ctrl-C and a stop signal reach the supervisor itself, which ends everything and leaves with status 0.
run: setup ## web server, worker and mail server on this machine, with the record of 2020 (PORT=8000)
	@exec $(VENV)/python -m flask --app wsgi up

test: setup-dev ## all tests (ARGS="tests/letters -x" narrows, WORKERS=0 runs them in one process)
	@$(PYTEST) -n $(WORKERS) --dist load $(ARGS)

test-full: setup-dev ## all tests, also those left for changes of what they try; commit tests/tooling/tried.json
	@FULL=1 $(PYTEST) -n $(WORKERS) --dist load $(ARGS)

mail-report: setup-dev ## how many sample messages of other projects are read right, and how fast (SAMPLES=folder)
	@exec $(VENV)/python -m tests.mail.report $(ARGS)

intake-rate: setup-dev ## messages a second taken in and stored, and fully processed (ARGS="--only filing --rounds 5")
	@exec $(VENV)/python -m tests.intake.benchmark $(ARGS)

fuzz: setup-dev ## read messages broken at random, of our own and of SAMPLES (ARGS="--count 100000 --seed 1")
	@exec $(VENV)/python -m tests.mail.fuzzing $(ARGS)

lint: setup-dev ## style, types, direction of imports, translations, templates, house rules
	@$(MAKE) --no-print-directory --output-sync=target --jobs=2 lint-style lint-types lint-house

lint-style:
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .

# Alone the longest: the rest is done beside it.
lint-types:
	@$(VENV)/mypy

lint-house:
	@$(VENV)/lint-imports
	@$(VENV)/python -m deploy.dead_code
	@$(PYTEST) -q --noconftest -p no:cacheprovider tests/house/test_catalogues.py \
		tests/house/test_sources.py tests/house/test_templates.py

format: setup-dev ## lay out the code and apply the safe corrections
	@$(VENV)/ruff check --fix .
	@$(VENV)/ruff format .

messages: setup-dev ## take new texts of code and templates into both catalogues
	@$(VENV)/python deploy/catalogues.py update

kills: setup-dev ## the intake killed 50 times in 5,000 mails (KILLS=50); takes some minutes
	@POP_TEST_INTAKE_KILLS=$(or $(KILLS),50) $(PYTEST) -s tests/intake/test_kills.py $(ARGS)

data-model: setup-dev ## draw docs/data-model.md from the models
	@$(VENV)/python -m deploy.data_model

shots: setup-dev ## pictures of every kind of page, both languages, in build/shots/
	@exec $(VENV)/python -m tests.browser.shots

lock: ## resolve the dependencies again and write both lock files (ARGS="--upgrade" takes newer versions)
	@sh deploy/lock.sh $(ARGS)

clean: ## remove what the tools made; the data folder stays
	@rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@find pop_campaigns -name '*.mo' -delete
