#!/bin/sh
# Prepares .deps/: libtorch, the pkg-config file that SwiftPM reads, and the pretrained encoder of the demo and tests.
#
#   LIBTORCH=/path          use this libtorch (a folder with lib/ and include/) instead of downloading one
#   BERTQA_ENCODER=/path    use this encoder (config.json, model.safetensors, vocab.txt) instead of downloading one
#
# Both choices are kept for later runs. Quick and silent when nothing has changed.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/Tools/setup/common.sh"
. "$root/Tools/setup/checks.sh"
. "$root/Tools/setup/libtorch.sh"
. "$root/Tools/setup/encoder.sh"

# What the last set-up was done for; another text means doing it again.
current_stamp() {
    printf 'root %s\nlibtorch %s\nencoder %s\ntorch %s\nweights %s\n' "$root" \
        "$(readlink "$deps/libtorch")" "$(readlink "$deps/encoder")" "$TORCH_VERSION" "$ENCODER_MODEL_SHA256"
}

# is_choice FOLDER LINK: no folder was asked for, or it is the one that the link names.
is_choice() { [ -z "$1" ] || [ "$(cd "$1" 2> /dev/null && pwd)" = "$(readlink "$2")" ]; }

is_done() {
    [ -f "$deps/stamp" ] && [ -f "$deps/pkgconfig/bertqa-libtorch.pc" ] && [ -d "$deps/libtorch/lib" ] \
        && [ -f "$deps/encoder/model.safetensors" ] && [ "$(current_stamp)" = "$(cat "$deps/stamp")" ] \
        && is_choice "${LIBTORCH:-}" "$deps/libtorch" && is_choice "${BERTQA_ENCODER:-}" "$deps/encoder"
}

if is_done; then exit 0; fi
rm -f "$deps/stamp"
check_swift
check_compiler
make_scratch
check_sqlite
check_zlib
prepare_libtorch
prepare_encoder
current_stamp > "$scratch/stamp"
mv "$scratch/stamp" "$deps/stamp"
