# Needs Python 3.11+ and git; everything else comes from the package registries, locked by hash.
PYTHON ?= python3
UV     := .venv/bin/uv
# Compiled modules are kept beside their sources, whatever the caller's habit: it halves every start.
export PYTHONDONTWRITEBYTECODE :=
RUN    := .venv/bin
NPM    := NODE_DISABLE_COMPILE_CACHE=1 PATH="$(CURDIR)/.venv/bin:$$PATH" npm --prefix web

.DEFAULT_GOAL := help
.PHONY: help setup run test fuzz image-test deploy destroy localstack check sbom format screenshots bench clean

help:  ## Print this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 13

# uv comes by hash, too: pip knows no lock file, but this one of uv's own.
.venv/bin/uv: requirements-uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Matinee needs Python 3.11 or newer; '$(PYTHON)' is older. Say which with: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is missing (on Debian: apt-get install python3-venv)"; exit 1; }
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --requirement $<
	@touch $@

# One stamp for the environment: made anew only when the lock has changed.
.venv/.synced: pyproject.toml uv.lock .venv/bin/uv
	@echo "  python: packages from uv.lock" >&2
	@$(UV) sync --frozen --quiet
	@touch $@

setup: .venv/.synced  ## Install everything, without starting anything
	@$(RUN)/python layers/playwright/install.py >/dev/null
	@$(RUN)/python web/build.py

run: setup  ## Start Matinee on http://127.0.0.1:8400 (ONCE=1: run the examples through it, and stop)
	@$(RUN)/matinee up $(if $(ONCE),--once)

test: setup  ## Run all tests (ARGS=... goes to pytest)
	@$(NPM) run --silent test
	@$(RUN)/pytest $(ARGS)

fuzz: setup  ## Ask the API 10,000 odd things (FUZZ_CASES, FUZZ_SEED), and hold each answer against openapi.json
	@FUZZ_CASES=$${FUZZ_CASES:-10000} $(RUN)/pytest tests/integration/fuzz -s $(ARGS)

image-test: setup  ## Build the image of run_test and run it under Lambda's limits (Debian, root; installs the tools it needs)
	@$(RUN)/python -m tests.image.tools
	@$(RUN)/pytest tests/image $(ARGS)

deploy: setup  ## Deploy to the AWS account that AWS_PROFILE names (docs/operations.md)
	@$(RUN)/matinee deploy

destroy: setup  ## Take the deployment out of the account again
	@$(RUN)/matinee destroy

localstack: setup  ## Deploy to LocalStack (Docker, and LOCALSTACK_AUTH_TOKEN), and run the example there
	@docker compose up --detach --wait
	@AWS_ENDPOINT_URL=http://localhost:4566 AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \
	  DATABASE_URL=postgresql://matinee:matinee@postgres:5432/matinee $(RUN)/matinee deploy --settings infra/localstack.toml --yes

check: setup  ## Lint, format, types, import direction, OpenAPI drift, locks and known vulnerabilities, the same for the web UI
	@$(RUN)/ruff check .
	@$(RUN)/ruff format --check .
	@MYPYPATH=src $(RUN)/mypy
	@$(RUN)/lint-imports --no-cache
	@$(RUN)/python -m local.openapi --check
	@$(RUN)/python -m infra.supply check
	@$(NPM) run --silent check

sbom: setup  ## Write down what is deployed and what is installed here, as CycloneDX, into .cache/sbom/ (IMAGE=...: a built image of run_test)
	@$(RUN)/python -m infra.supply sbom $(if $(IMAGE),--image $(IMAGE))

format: .venv/.synced  ## Format the code, and write openapi.json anew
	@$(RUN)/ruff check --fix --quiet . || true
	@$(RUN)/ruff format .
	@$(RUN)/python -m local.openapi --write
	@$(RUN)/python -c "import sys; sys.path.insert(0, 'web'); import build; build.install()"
	@$(NPM) run --silent format

screenshots: setup  ## Take a picture of every page of the web UI into .cache/screenshots/
	@$(RUN)/python -m tests.browser.screenshots .cache/screenshots

bench: setup  ## Measure latency and jobs against `playwright test` on this machine
	@$(RUN)/python -m bench.latency
	@$(RUN)/python -m bench.jobs

clean:  ## Remove what setup and runs have made (.matinee/ with your runs too)
	rm -rf .venv .cache .matinee layers/playwright/.runtime* web/node_modules web/dist* .mypy_cache .pytest_cache .ruff_cache .hypothesis
