# SPDX-License-Identifier: BSD-2-Clause
# Short names for the CMake presets: `make help` lists them.

PRESET ?= release
PREFIX ?= /usr/local
LLVM := 19
SOURCES = $(shell git ls-files --cached --others --exclude-standard '*.hpp' '*.cpp' '*.h' '*.c')

.NOTPARALLEL:
.PHONY: build demo test deps install package tidy format format-check bench fuzz torture clean help

build: ## Build the library and the tools (PRESET=dev or tsan: with sanitizers)
	@command -v cmake >/dev/null && command -v ninja >/dev/null || \
	  { echo "cmake or ninja is missing: run 'make deps' first" >&2; exit 1; }
	cmake --preset $(PRESET)
	cmake --build --preset $(PRESET)

demo: ## Install what is missing, build, and show the library at work
	scripts/install-deps.sh --demo
	$(MAKE) --no-print-directory build PRESET=minimal
	scripts/demo.sh build/minimal

test: ## Install what is missing and run all tests: release, dev (ASan, UBSan), tsan
	scripts/install-deps.sh --test
	scripts/test.sh

deps: ## Install the packages that building and testing need (Debian)
	scripts/install-deps.sh --test

install: ## Build and install the library and the tools (PREFIX=/usr/local)
	$(MAKE) --no-print-directory build PRESET=minimal
	cmake --install build/minimal --prefix "$(PREFIX)"

package: ## Make the Debian packages in build/package
	$(MAKE) --no-print-directory build PRESET=package
	cpack --preset package

tidy: ## Run clang-tidy over the sources
	scripts/install-deps.sh --test --lint
	cmake --preset release
	run-clang-tidy-$(LLVM) -quiet -p build/release -extra-arg=-Wno-unknown-warning-option \
	  '^$(CURDIR)/(src|tools|examples|tests|bench)/'

format: ## Format the sources
	scripts/install-deps.sh --lint
	clang-format-$(LLVM) -i $(SOURCES)

format-check: ## Fail if a source is not formatted
	scripts/install-deps.sh --lint
	clang-format-$(LLVM) --dry-run --Werror $(SOURCES)

bench: ## Build and run the benchmarks
	scripts/install-deps.sh --test --bench
	cmake --preset release
	cmake --build --preset release --target bench

fuzz: ## Build the fuzzers and run each for a moment
	scripts/install-deps.sh --fuzz
	cmake --preset fuzz
	cmake --build --preset fuzz
	ctest --preset fuzz

torture: ## 2000 power failures and 500 kills of the emulated device (TORTURE='--seed N')
	cmake --preset release
	cmake --build --preset release --target nvm_torture
	build/release/tests/emulator/durability/nvm_torture $(TORTURE)

clean: ## Remove everything that was built
	rm -rf build

help: ## List the targets
	@sed -n 's/^\([a-z-]*\): ## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14
