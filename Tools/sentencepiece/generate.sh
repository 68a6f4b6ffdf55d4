#!/bin/sh
# Makes Sources/Tokenizers/SentencePiece/sentencepiece.pb.swift of sentencepiece.proto: protoc of a pinned
# grpcio-tools, and protoc-gen-swift of the swift-protobuf that the package depends on, built in .build-protoc (some
# minutes, once).
set -eu

cd "$(dirname "$0")/../.."
scratch=$PWD/.build-protoc
if [ ! -x "$scratch/venv/bin/python" ]; then
    python3 -m venv "$scratch/venv"
    "$scratch/venv/bin/python" -m pip install --quiet --disable-pip-version-check grpcio-tools==1.85.1
fi
swift package resolve
swift build -c release --package-path .build/checkouts/swift-protobuf --scratch-path "$scratch/plugin" \
    --product protoc-gen-swift
"$scratch/venv/bin/python" -m grpc_tools.protoc -I Tools/sentencepiece \
    --plugin=protoc-gen-swift="$scratch/plugin/release/protoc-gen-swift" \
    --swift_out=Sources/Tokenizers/SentencePiece Tools/sentencepiece/sentencepiece.proto
