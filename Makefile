# Siyu 私域: everything a developer does. `make` lists it.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check fix bench dev clean

PYTHON ?= python3
UV := .tools/bin/uv
RUN := .venv/bin/

help: ## list what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: .venv/ready src/siyu/web/static/lib/ready ## install everything into this folder

$(UV):
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

.venv/ready: pyproject.toml uv.lock | $(UV)
	$(UV) sync --frozen --quiet --python $(PYTHON)
	@touch $@

src/siyu/web/static/lib/ready: package.json package-lock.json tools/assets.py .venv/ready
	$(RUN)python tools/assets.py
	@touch $@

demo: setup ## run the shop with a seeded merchant; prints addresses and logins
	$(RUN)siyu demo

test: setup ## set everything up and run all tests
	$(RUN)python tools/chromium.py
	$(RUN)python -m pytest -n 2 --dist loadgroup

check: setup ## lint, types, import floors
	$(RUN)ruff check src tests bench tools
	$(RUN)ruff format --check src tests bench tools
	$(RUN)basedpyright --level error
	$(RUN)lint-imports --no-cache

fix: setup ## format, and mend what the linter can
	$(RUN)ruff format src tests bench tools
	$(RUN)ruff check --fix src tests bench tools

bench: setup ## all benchmarks: ratios within one run
	$(RUN)siyu bench

dev: setup ## the demo with debug logging
	SIYU_LOG_LEVEL=debug $(RUN)siyu demo

clean: ## remove what was installed or built (the demo's data in .siyu stays)
	rm -rf .venv .tools node_modules src/siyu/web/static/lib artifacts
