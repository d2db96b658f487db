# The commands of this project. Each sets up what it needs on a fresh Debian machine with Rust.

SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.DEFAULT_GOAL := help
.PHONY: help run test acceptance check bench compiler python parts node chromium components

help: ## Show the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: compiler ## Build Rolecall and start it with a small lived-in organization; ARGS="--listen …" adds flags
	cargo build --locked --release --package rolecall-cli
	cargo run --quiet --locked --release --package rolecall-cli -- serve --demo $(ARGS)

test: compiler python parts ## Run every test, saved fuzz inputs and a bounded fuzz run among them
	cargo test --locked --workspace
	cd bench && python3 -m unittest discover --quiet --start-directory driver/tests --top-level-directory .
	cd acceptance && .venv/bin/python -m pytest

acceptance: compiler parts ## Play people, programs and providers against the real binary; ARGS="-k passkey" chooses
	cargo build --locked --package rolecall-cli
	cd acceptance && .venv/bin/python -m pytest $(ARGS)

check: compiler components ## Format, lints, documentation, dependency rules, layers, generated files
	cargo xtask check

bench: compiler python ## Measure Rolecall beside its floors and its peers; ARGS="--quick" is shorter, ARGS="--help" tells more
	bench/run $(ARGS)

# SQLite and the cryptography are C: they need a compiler once.
compiler:
	@command -v cc >/dev/null || { echo "installing a C compiler" && \
	  $(SUDO) apt-get update -qq && $(SUDO) apt-get install -qq --yes gcc libc6-dev; }

# The benchmark's driver and its tests; nothing beside the standard library.
python:
	@command -v python3 >/dev/null || { echo "installing Python" && \
	  $(SUDO) apt-get update -qq && $(SUDO) apt-get install -qq --yes python3; }

# What the acceptance tests are played with: libraries of Python and Node, each installed once, and a browser.
parts: acceptance/.venv/installed acceptance/node_modules/installed chromium

acceptance/.venv/installed: acceptance/requirements.txt | python
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { echo "installing Python's environments" && \
	  $(SUDO) apt-get update -qq && $(SUDO) apt-get install -qq --yes python3-venv; }
	rm -rf $(@D) && python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

acceptance/node_modules/installed: acceptance/package-lock.json | node
	cd acceptance && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

node:
	@{ command -v node && command -v npm; } >/dev/null || { echo "installing Node" && \
	  $(SUDO) apt-get update -qq && $(SUDO) apt-get install -qq --yes --no-install-recommends nodejs npm; }

chromium:
	@command -v chromium >/dev/null || { echo "installing Chromium" && \
	  $(SUDO) apt-get update -qq && $(SUDO) apt-get install -qq --yes --no-install-recommends chromium; }

components:
	@cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
	@cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
