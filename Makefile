# `make` does everything: the environment, then the pipeline. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
UI_PORT ?= 5000
SERVER_PORT ?= 5001
BIN := $(VENV)/bin
# the pipeline's stages call `python`, and DVC is called from the environment too
export PATH := $(CURDIR)/$(BIN):$(PATH)
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
# the environment's Python finds its own library
unexport PYTHONHOME PYTHONSAFEPATH

# of the user's settings of uv and pip, those that say how packages are reached; any other may lead elsewhere
REACH := INDEX INDEX_% DEFAULT_INDEX EXTRA_INDEX_URL FIND_LINKS NO_INDEX CONFIG_FILE CACHE_DIR NO_CACHE% OFFLINE \
	%CERT %CERTS NATIVE_TLS PROXY %HOST KEYRING_PROVIDER %TIMEOUT RETRIES %RETRIES CONCURRENT_% LINK_MODE
ODD := $(filter-out $(addprefix UV_,$(REACH)) $(addprefix PIP_,$(REACH)),\
	$(filter UV_% PIP_% CONDA_% PYTHON%,$(.VARIABLES)))
CLEAN := env $(addprefix -u ,$(ODD))
UV := $(CLEAN) $(BIN)/uv pip

.DEFAULT_GOAL := all
.PHONY: all help env repro published registered test test-slow test-browser test-server test-cluster test-all lint \
	ui server docs plots pictures lock soak benchmark-platform benchmark-peers benchmark-data benchmark-search

all: repro  ## the environment, then the pipeline: data, sweep, benchmark, evaluation, report

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 12

env: $(VENV)/.installed  ## the environment in .venv, from the hashed lock

# an environment's scripts name its folder: one that was moved or copied is made anew
MOVED := $(shell test -s $(VENV)/.installed && ! grep -qxF "$(CURDIR)" $(VENV)/.installed && echo moved)
.PHONY: $(if $(MOVED),$(VENV)/.installed)

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(if $(MOVED),rm -rf $(VENV))
	@$(CLEAN) $(PYTHON) -c 'import sys; sys.exit("perbatch needs Python 3.11 to 3.13; name one with make PYTHON=...") if not (3, 11) <= sys.version_info[:2] <= (3, 13) else None'
	@echo "making the environment in $(CURDIR)/$(VENV)"
	@$(CLEAN) $(PYTHON) -m venv $(VENV)
	@! $(CLEAN) $(BIN)/python -m pip config list | grep -E "\.(target|prefix|root|user|python)=" || \
		{ echo "error: pip would install elsewhere: take the line above out of its configuration (pip config debug names the file)" >&2; exit 1; }
	@$(CLEAN) $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@! $(UV) sync --show-settings requirements.lock | grep -qE "^ +(target|prefix): Some" || \
		{ echo "error: uv would install elsewhere: take target and prefix out of [pip] in your uv.toml" >&2; exit 1; }
	@$(UV) sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(UV) install --quiet --python $(BIN)/python --no-deps --editable .
	@$(CLEAN) $(BIN)/python tools/first_start.py
	@printf '%s\n' "$(CURDIR)" > $@

repro: env  ## run what is stale of the pipeline, and show its results in MLflow
	@git rev-parse --git-dir >/dev/null 2>&1 || test -e .git || grep -qs 'no_scm = true' .dvc/config.local || \
		{ echo "error: this folder is no git repository (a ZIP download?), which DVC wants: type \`git init\`, or" \
		"without git \`$(BIN)/dvc config --local core.no_scm true\`, then make again; dvc exp and diff need git" >&2; exit 1; }
	dvc repro
	@$(MAKE) --no-print-directory -j 2 published registered

# each waits for MLflow's imports and for the store: side by side they take the time of one
published:
	python pipelines/publish.py

registered:
	python pipelines/register.py

test: env  ## the tests, without the slow ones
	pytest -q -n 2 --dist loadfile -m "not slow and not server and not cluster"

test-slow: env  ## only the slow tests: whole pipelines, several processes at once
	pytest -q -n 2 --dist loadfile -m slow

test-server: env  ## tracking=server, on a PostgreSQL and an MLflow server that the tests start
	pytest -q tests/server

test-cluster: env  ## the launchers slurm and cluster, on a two-node SLURM and a Dask cluster that the tests start
	pytest -q tests/cluster

test-browser: env  ## the report and MLflow's pages in a real browser: needs Chromium (Debian: apt install chromium)
	@command -v chromium chromium-browser google-chrome >/dev/null || { echo "no Chromium found: apt install chromium" >&2; exit 1; }
	pytest -q tests/browser

test-all: test test-slow test-server test-cluster  ## all tests

lint: env  ## ruff and mypy
	ruff check .
	ruff format --check .
	mypy

benchmark-peers: env  ## JAX, PyTorch and scikit-learn beside perbatch, into benchmarks/peers/peers.md and peers.csv
	pip install --quiet --disable-pip-version-check --editable '.[benchmarks]'
	python benchmarks/peers/peers.py

server: env  ## PostgreSQL and an MLflow server on http://127.0.0.1:5001 (SERVER_PORT=5003 for another), for trying tracking=server
	python deploy/server.py --port $(SERVER_PORT)

ui: env  ## MLflow's pages on http://127.0.0.1:5000 (UI_PORT=5001 for another port)
	@python tools/addresses.py $(UI_PORT)
	MLFLOW_DISABLE_TELEMETRY=true MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false mlflow ui --workers 1 --host 127.0.0.1 --port $(UI_PORT) \
		--allowed-hosts 'localhost:*,127.0.0.1:*,mlflow.localhost:*' --cors-allowed-origins http://mlflow.localhost:$(UI_PORT) \
		--backend-store-uri "$$(python -c "from perbatch.sweep.record import store_of; print(store_of(None).uri)")"

benchmark-platform: env  ## what a run costs beside its training: benchmarks/platform/platform.md
	python benchmarks/platform/overhead.py

benchmark-data: env  ## what reading large data costs: benchmarks/data/data.md
	python benchmarks/data/large.py

benchmark-search: env  ## a search against a grid of as many rates: benchmarks/search/search.md
	nice python benchmarks/search/against_grid.py

soak: env  ## kill a sweep of 200 runs 20 times, and count what is lost, trained twice or left RUNNING
	python tests/endurance/soak.py

docs: env  ## the documentation site, in site/
	NO_MKDOCS_2_WARNING=1 mkdocs build

plots: env  ## DVC's plots as dvc_plots/index.html, without network; REVS="A B": of two commits or experiments
	python tools/plots.py $(REVS)

pictures: env  ## what README and docs take from the results and the code: numbers, pictures, columns
	python tools/tables_page.py
	python tools/house.py
	python tools/pictures.py

lock: env  ## resolve pyproject.toml into requirements.lock anew
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --extra dev --extra docs --extra server --extra slurm --extra dask --extra search --extra storage pyproject.toml -o requirements.lock
