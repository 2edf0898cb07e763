# Everything from a clone: python3 with venv, make and git are all it needs.
PYTHON ?= python3
UV := .tools/bin/uv
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never
# Compiled bytecode is kept: every process starts in half the time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: train-plates demo test unit check bench gate foundry mutants contracts documents requirements venv clean help

help: ## what can be done
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

demo: .venv/run.stamp ## one stay, from a sensor trace to a verified receipt (ARGS=--once ends by itself)
	@$(BIN)/berth-sim demo $(ARGS)

test: .venv/dev.stamp ## every test
	@$(BIN)/pytest -n 2 --dist loadfile $(ARGS)

unit: .venv/dev.stamp ## the tests that start no process, database, chain or browser
	@$(BIN)/pytest -m unit $(ARGS)

check: .venv/dev.stamp ## format, lint, types, layers, holes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy --config-file tests/mypy.ini
	$(BIN)/lint-imports
	$(BIN)/bandit -q -ll -c pyproject.toml -r contracts edge cloud
	$(BIN)/python -m tests.tools.tidy

bench: .venv/dev.stamp ## measure, and write bench/results.json
	@$(BIN)/python -m bench.run

gate: .venv/dev.stamp ## the long checks, at most 85 minutes on two cores; writes docs/reliability.md (ARGS="--share 0.1": a tenth)
	@$(BIN)/python -m bench.gate $(ARGS)

foundry: .venv/dev.stamp ## optional, needs npm: Foundry's invariants on the bytecode, its cast on the dev chain
	@$(BIN)/python -m tests.foundry.run
	@$(BIN)/pytest -q -rs tests/chain/test_cast.py

train-plates: .venv/train.stamp ## train the models of edge/models again on drawn pictures (ARGS="--real FOLDER" adds photographs)
	@$(BIN)/python -m firmware_sim.training $(ARGS)

mutants: .venv/dev.stamp ## plant bugs, show that tests catch them, write docs/mutants.md
	@$(BIN)/python -m tests.tools.mutants

contracts: .venv/dev.stamp ## compile the Vyper contracts again and write their artifacts
	$(BIN)/python -m tests.tools.compile_contracts

documents: .venv/dev.stamp ## write the wire's schemas and the API's description again
	@$(BIN)/python -m tests.tools.wire_documents
	@$(BIN)/python -m tests.http.rewrite

venv: .venv/run.stamp ## build .venv alone

requirements: $(UV) ## resolve and pin again
	cd requirements && sh compile.sh ../$(UV)

$(UV): requirements/uv.txt
	@echo ":: fetching uv"
	@$(PYTHON) -m venv .tools
	@.tools/bin/pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements/uv.txt
	@touch $@

.venv/run.stamp: $(UV) requirements/run.txt requirements/build.txt pyproject.toml
	@echo ":: installing what the product needs"
	@test -x $(BIN)/python || $(UV) venv -q --python $(PYTHON) .venv
	@$(UV) pip install -q --python $(BIN)/python --no-deps --require-hashes -r requirements/run.txt -r requirements/build.txt
	@$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements/dev.txt
	@echo ":: installing what the tests need"
	@$(UV) pip install -q --python $(BIN)/python --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

.venv/train.stamp: .venv/dev.stamp requirements/train.in
	@echo ":: installing what training needs"
	@$(UV) pip install -q --python $(BIN)/python -r requirements/train.in
	@touch $@

clean: ## remove what was built here
	rm -rf .venv .tools .berth
