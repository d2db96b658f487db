# The commands of this project. Each sets up what it needs on a fresh Debian machine with Rust.

SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.DEFAULT_GOAL := help
.PHONY: help run test check bench compiler python components

help: ## Show the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: compiler ## Build Rolecall and start it with a small lived-in organization; ARGS="--listen …" adds flags
	cargo build --locked --release --package rolecall-cli
	cargo run --quiet --locked --release --package rolecall-cli -- serve --demo $(ARGS)

test: compiler python ## Run every test, saved fuzz inputs and a bounded fuzz run among them
	cargo test --locked --workspace
	cd bench && python3 -m unittest discover --quiet --start-directory driver/tests --top-level-directory .

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

components:
	@cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
	@cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
