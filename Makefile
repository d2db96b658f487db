# The commands of this project. Each sets up what it needs on a fresh Debian machine with Rust.

SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.DEFAULT_GOAL := help
.PHONY: help run test check compiler components

help: ## Show the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: compiler ## Build Rolecall and start it with a small lived-in organization; ARGS="--listen …" adds flags
	cargo build --locked --release --package rolecall-cli
	cargo run --quiet --locked --release --package rolecall-cli -- serve --demo $(ARGS)

test: compiler ## Run every test, saved fuzz inputs and a bounded fuzz run among them
	cargo test --locked --workspace

check: compiler components ## Format, lints, documentation, dependency rules, layers, generated files
	cargo xtask check

# SQLite and the cryptography are C: they need a compiler once.
compiler:
	@command -v cc >/dev/null || { echo "installing a C compiler" && \
	  $(SUDO) apt-get update -qq && $(SUDO) apt-get install -qq --yes gcc libc6-dev; }

components:
	@cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
	@cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
