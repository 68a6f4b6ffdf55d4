#!/bin/sh
# Makes the Swift of the .proto files here: ONNX's for Sources/Export, sentencepiece's for Sources/Tokenizers.
#
# It takes protoc of a pinned grpcio-tools and protoc-gen-swift of the swift-protobuf that the package depends on,
# built in .build-protoc (some minutes, once). The result is formatted like the rest of the package.
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

# generate FOLDER OUTPUT [OPTION]
generate() {
    mkdir -p "$2"
    "$scratch/venv/bin/python" -m grpc_tools.protoc -I "Tools/protobuf/$1" \
        --plugin=protoc-gen-swift="$scratch/plugin/release/protoc-gen-swift" \
        ${3:+--swift_opt="$3"} --swift_out="$2" Tools/protobuf/"$1"/*.proto
    for file in "$2"/*.pb.swift; do
        sed -i.old '/^\/\/ swift-format-ignore-file$/d' "$file"
        rm "$file.old"
        swift format -i "$file"
    done
}

generate onnx Sources/Export/Generated Visibility=Package
generate sentencepiece Sources/Tokenizers/SentencePiece/Generated
