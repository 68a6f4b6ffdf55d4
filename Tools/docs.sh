#!/bin/sh
# Builds the DocC documentation of the library products into .docs, and fails at any warning: Tools/docs.sh [MODULE
# ...]. swift-docc-plugin is a dependency only while this runs (see Package.swift).
set -eu

cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- Tokenizers SQuAD QuestionAnswering Evaluating FineTuning QAServer Hub
targets=
for module in "$@"; do targets="$targets --target $module"; done
rm -rf .docs
# shellcheck disable=SC2086  # a list of options
BERTQA_DOCS=1 "${SWIFT:-swift}" package -c release --allow-writing-to-directory .docs \
    generate-documentation $targets --warnings-as-errors --enable-experimental-combined-documentation \
    --transform-for-static-hosting --output-path .docs
echo "the documentation is in .docs; look at it with: python3 -m http.server --directory .docs 8000"
