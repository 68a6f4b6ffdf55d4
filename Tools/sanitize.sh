#!/bin/sh
# The shim's tests under AddressSanitizer. One test asks for more memory than there is, which the sanitizer must let
# fail as the system would; leaks are not looked for, since libtorch keeps its registries until the process ends.
set -eu

cd "$(dirname "$0")/.."
products=$(swift build --sanitize=address --scratch-path .build-asan --show-bin-path)
mkdir -p "$products"
for library in .deps/libtorch/lib/lib*.so*; do
    case $library in
        *libtorch_python*) ;;
        *) ln -sfn "$(cd .deps/libtorch && pwd -P)/lib/${library##*/}" "$products/${library##*/}" ;;
    esac
done
ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 \
    swift test --sanitize=address --scratch-path .build-asan --filter TorchTests
