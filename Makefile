# `make help` lists the targets.
.DEFAULT_GOAL := help
.PHONY: help setup lint format test test-unit test-interpreters test-faults soak field-cases bench docs words dashboards rules check-dashboards kafka-start kafka-stop kafka-status kafka-wipe demo live constraints clean

BIN    := .venv/bin
READY  := .venv/.ready
READY_TO_RUN := .venv/.ready-to-run
KAFKA  := $(BIN)/python deploy/local/kafka.py
UNIT   := -o testpaths="streams detectors deploy/grafana docs tests/unit"
PARALLEL    ?= -n 2 --maxschedchunk 1
PYTEST_ARGS ?=
POSTS  ?=
CONFIG ?=
BRANDS ?=

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv with .venv/bin/firewatch (PYTHON= chooses the interpreter)

$(READY): pyproject.toml constraints.txt Makefile deploy/local/venv.sh
	@sh deploy/local/venv.sh dev
	@touch $@ $(READY_TO_RUN)

$(READY_TO_RUN): pyproject.toml constraints.txt Makefile deploy/local/venv.sh
	@sh deploy/local/venv.sh plot
	@touch $@

lint: $(READY) ## ruff, formatting, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(READY) ## format the code by ruff and apply its safe fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: $(READY) ## unit, doc and integration tests, the last on a Kafka of their own (PYTEST_ARGS=options; PARALLEL= for one process)
	$(BIN)/pytest $(PARALLEL) $(PYTEST_ARGS)

test-unit: $(READY) ## unit and doc tests only: no Kafka
	$(BIN)/pytest $(UNIT) $(PARALLEL) $(PYTEST_ARGS)

test-interpreters: ## unit and doc tests under each of Python 3.11 to 3.14 that is here (INTERPRETERS="3.12 3.13")
	@sh deploy/local/interpreters.sh $(NEWEST) $(PARALLEL) $(PYTEST_ARGS)

test-faults: $(READY) ## kill, stop and disturb workers under load (FAULTS_SEED=, FAULTS_ROUNDS=); half an hour and more
	$(BIN)/pytest tests/faults --ignore=tests/faults/test_soak.py $(PYTEST_ARGS)

soak: $(READY) ## half an hour under load: does memory grow? (FAULTS_SOAK_MINUTES=)
	$(BIN)/pytest tests/faults/test_soak.py $(PYTEST_ARGS)

field-cases: $(READY) ## situations of real users with the right values, from a folder beside the project; skipped where it is absent
	$(BIN)/pytest tests/field $(PYTEST_ARGS)

bench: $(READY) ## speeds of the hot paths; they need a machine with nothing else to do
	$(BIN)/pytest tests/benchmarks -s $(PYTEST_ARGS)

docs: $(READY) ## write docs/reference and the schemas in deploy/contract from the code
	$(BIN)/python -m docs.build
	for record in alert label verdict config; do \
	  $(BIN)/firewatch schema $$record > deploy/contract/$$record.schema.json || exit 1; done
	$(BIN)/firewatch schema asyncapi > deploy/contract/asyncapi.json
	$(BIN)/firewatch schema openapi > deploy/contract/posts.openapi.json

words: $(READY) ## write the words by which hashtags are read, and the frequencies against which terms stand out
	$(BIN)/python -m deploy.words.build
	$(BIN)/python -m deploy.words.frequencies

dashboards: $(READY) ## write the Grafana boards from their code
	$(BIN)/python -m deploy.grafana.build

rules: $(READY) ## write the recording rules of counters from their code
	$(BIN)/python -m deploy.prometheus.build

check-dashboards: $(READY) ## check the boards against Grafana's own types (needs node and npm)
	$(BIN)/python -m deploy.grafana.typecheck.check

kafka-start: $(READY) ## start the local Kafka (installs it the first time)
	@$(KAFKA) start

kafka-stop: $(READY) ## stop the local Kafka
	@$(KAFKA) stop

kafka-status: $(READY) ## print the address of the local Kafka if it runs
	@$(KAFKA) status

kafka-wipe: $(READY) ## stop the local Kafka and delete its data
	@$(KAFKA) wipe

demo: $(READY_TO_RUN) ## the whole way with simulated posts, or yours: POSTS=file.jsonl CONFIG=c.yaml; WIRE=1 by websocket
	@$(BIN)/firewatch demo $(if $(WIRE),--wire) $(if $(POSTS),--posts "$(POSTS)") $(if $(CONFIG),--config "$(CONFIG)")

live: $(READY_TO_RUN) ## brands on Bluesky, live: BRANDS='Lufthansa "Deutsche Bahn"' (needs a network)
	@$(BIN)/firewatch live $(BRANDS)

constraints: $(READY) ## write the installed versions to constraints.txt
	@{ sed -n '/^#/p' constraints.txt; \
	   $(BIN)/pip list --format=freeze --exclude-editable | grep -v -E '^(pip|setuptools)=='; } > constraints.new
	@mv constraints.new constraints.txt

clean: ## delete .venv and caches (the local Kafka stays: see kafka-wipe)
	rm -rf .venv .venv-* .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find streams detectors deploy tests -name __pycache__ -type d -prune -exec rm -rf {} +
