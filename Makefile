# Kinesynth. Two commands do everything: make demo, make test.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BIN := $(CURDIR)/.venv/bin
export PATH := $(BIN):$(CURDIR)/.tools/bin:$(PATH)
# Every process of a run is one of many: let none of them start a thread per core by itself.
export OMP_NUM_THREADS ?= 1
CORES ?= all

.PHONY: help setup demo test cases check format lock dag acceptance bench clean

help: ## Show what can be made
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.complete ## Install what is missing: Debian libraries, uv, the environment in .venv

demo: setup ## Run the workflow on the embedded demo; see results/report.html
	snakemake --cores $(CORES)
	@echo "Done: open results/report.html"

test: setup ## Run the tests
	pytest -n 2 --dist loadfile

cases: setup ## Run the cases of misleading inputs, a quarter of an hour
	pytest -n 2 --dist loadfile -m cases tests/cases

check: setup ## Format, lint, type-check; nothing is changed
	ruff format --check src tests tools benchmarks examples
	ruff check src tests tools benchmarks examples
	snakefmt --check --line-length 120 Snakefile rules
	mypy
	snakemake --lint
	pytest -q tests/test_structure.py tests/test_config.py

format: setup ## Format the code
	ruff format src tests tools benchmarks examples
	ruff check --fix src tests tools benchmarks examples
	snakefmt --line-length 120 Snakefile rules

lock: ## Compile requirements.lock anew from pyproject.toml
	uv pip compile pyproject.toml --universal --python-version 3.13 --extra dev \
	    --generate-hashes --no-emit-index-url --quiet --output-file requirements.lock

acceptance: setup ## Measure every promised figure and hold it against its bar; TOPICS="main skeleton" for some
	python -m tools.acceptance $(TOPICS)

bench: demo ## Measure speed against OpenSim's tools, side by side, on the demo's stages
	python benchmarks/inverse_kinematics.py stages/markers/s01_000.h5 stages/scale/s01.osim

dag: setup ## Draw the graph of rules (needs graphviz)
	snakemake --rulegraph | dot -Tsvg > results/rulegraph.svg

clean: ## Remove results and intermediate stages, keep the environment
	rm -rf results stages logs

.venv/.complete: requirements.lock pyproject.toml tools/install_system_packages.sh
	@echo "setup: Debian libraries that OpenSim and Blender load (asks for root only if one is missing)"
	tools/install_system_packages.sh
	@echo "setup: uv, into .tools"
	uv --version 2> /dev/null || { python3 -m venv .tools && .tools/bin/pip install --quiet uv; }
	@echo "setup: Python 3.13 and the locked packages, into .venv (several GB: torch brings its CUDA libraries)"
	uv venv --quiet --allow-existing --python 3.13 .venv
	uv pip sync --quiet requirements.lock
	uv pip install --quiet --no-deps --editable .
	touch $@
