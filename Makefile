# BertQA. `make help` says what there is.

SWIFT ?= swift
export PREFIX DESTDIR
export PKG_CONFIG_PATH := $(CURDIR)/.deps/pkgconfig

.DEFAULT_GOAL := help
.PHONY: help setup build build-bench test sanitize sanitize-address sanitize-undefined sanitize-thread sanitize-shim \
	sanitize-parsers fuzz soak lint demo cases wheel check-wheel archive check-archive install uninstall examples \
	examples-python docs fixtures bench bench-growth bench-cuda clean distclean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' Makefile
	@echo '  LIBTORCH=/path and BERTQA_ENCODER=/path make setup use what is there already; see Tools/setup.sh.'

setup: ## libtorch and a pretrained encoder in .deps (quick when they are there)
	@./Tools/setup.sh

build: setup ## the release build: .build/release/bertqa
	@./Tools/link_libtorch.sh
	$(SWIFT) build -c release --product bertqa

build-bench: build
	$(SWIFT) build -c release --product bertqa-bench
	$(SWIFT) build -c release --product tokenizer-bench

test: setup ## all tests; SQUAD_DIR and BERTQA_MODELS name folders for the larger ones
	@./Tools/link_libtorch.sh
	@./Tools/test.sh

sanitize: sanitize-address sanitize-undefined sanitize-thread ## the tests under all three sanitizers

sanitize-address: setup ## the shim and all that reads files under AddressSanitizer
	@./Tools/sanitize.sh address

sanitize-undefined: setup ## the shim under UndefinedBehaviorSanitizer
	@./Tools/sanitize.sh undefined

sanitize-shim: setup ## the shim's C++ tests under AddressSanitizer and UndefinedBehaviorSanitizer: a few minutes
	@./Tools/sanitize_shim.sh

sanitize-parsers: ## what reads files and needs no libtorch, under AddressSanitizer: a few minutes
	@./Tools/sanitize_parsers.sh

sanitize-thread: setup ## the server, the hub's client, reader and trainer under ThreadSanitizer
	@./Tools/sanitize.sh thread

fuzz: setup ## every parser under libFuzzer, a minute each; Fuzzing/run.sh --seconds N for longer
	@./Fuzzing/run.sh

soak: setup ## hours: 500 kills, every call failing, a million texts, inputs of 2 GB, every parser fuzzed
	@./Tools/soak.sh

lint: ## formatting, file lengths, links, paths of this machine
	@./Tools/lint.sh

demo: build ## fine-tunes the encoder on Data/sample, evaluates it, asks it three questions
	@.build/release/bertqa demo --model .deps/encoder --sample Data/sample --output-dir runs/demo

wheel: build ## dist/bertqa-*.whl: the program for pip, which uses the libtorch of torch
	@./Tools/wheel/wheel.sh

check-wheel: ## installs that wheel in a new environment and uses it
	@./Tools/wheel/check.sh

archive: build ## dist/bertqa-*.tar.xz: a folder with the program that works anywhere
	@./Tools/install/archive.sh

check-archive: ## unpacks that archive and uses it
	@./Tools/install/check.sh

install: ## what was built, its man pages and completions below PREFIX (/usr/local)
	@./Tools/install/install.sh

uninstall: ## removes what install put below PREFIX
	@./Tools/install/uninstall.sh

examples: setup ## builds and runs the packages of examples/, which use the library from outside
	@./Tools/link_libtorch.sh
	@./Tools/examples.sh

examples-python: build ## LangChain, Haystack and a generated client against a server; MODEL=folder
	@./Tools/examples_python.sh $(MODEL)

cases: build ## models, data and machines as people have them, tried on the program: about a minute
	@./Tools/cases.sh

docs: setup ## the DocC documentation of the libraries, in .docs
	@./Tools/docs.sh

fixtures: ## writes the test fixtures again, with the Python packages of Tools/requirements.txt in .venv
	@./Tools/fixtures.sh

bench: build-bench ## measures training and prediction beside the peers, which go into .venv-bench and its neighbours
	@./Benchmarks/bench.sh run.py --write --slow --base

bench-growth: build-bench ## draws time and memory against tokens and model size, into docs/lab/pictures
	@./Benchmarks/bench.sh growth.py

bench-cuda: build-bench ## measures training on an NVIDIA GPU beside transformers, into docs/lab/cuda.md
	@./Benchmarks/bench.sh cuda.py --write

clean: ## removes what was built
	rm -rf .build .build-* dist

distclean: clean ## removes what was built, fetched and trained
	rm -rf .deps .venv .venv-* .fuzz runs
