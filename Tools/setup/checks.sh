# What must be on the machine before anything is fetched. Sets `cxx`, the C++ compiler of the load test.

check_swift() {
    command -v swift > /dev/null \
        || fail "no swift on the PATH." "Install Swift $SWIFT_OLDEST or later: https://www.swift.org/install"
    version=$(swift --version 2> /dev/null | sed -n 's/.*Swift version \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' | head -n 1)
    at_least "$version" "$SWIFT_OLDEST" \
        || fail "this is Swift ${version:-of an unknown version}; BertQA needs $SWIFT_OLDEST or later." \
        "Install a newer one: https://www.swift.org/install"
}

check_python() {
    command -v python3 > /dev/null || fail "no python3 on the PATH." \
        "It is only used to download and unpack libtorch: install python3 with pip, or set LIBTORCH and BERTQA_ENCODER."
    python3 -m pip --version > /dev/null 2>&1 || fail "python3 has no pip." \
        "Install it (python3 -m ensurepip, or the package python3-pip), or set LIBTORCH and BERTQA_ENCODER."
}

# SwiftPM compiles C++ with the clang of its toolchain; the load test does the same where it can.
check_compiler() {
    swift=$(python3 -c 'import os, shutil; print(os.path.realpath(shutil.which("swift")))' 2> /dev/null \
        || command -v swift)
    toolchain=$(dirname "$swift")
    for candidate in "$toolchain/clang++" clang++ c++ g++; do
        if command -v "$candidate" > /dev/null; then cxx=$candidate && return; fi
    done
    fail "no C++ compiler (clang++, c++ or g++) was found." \
        "Swift's own needs the C++ headers: install g++, or Xcode's command-line tools."
}

# The server keeps documents in the system's SQLite, with full-text search. macOS brings it with Xcode.
check_sqlite() {
    [ "$(uname)" != Darwin ] || return 0
    program=$scratch/sqlite_test
    "$cxx" -x c++ - -lsqlite3 -o "$program" > "$scratch/sqlite.log" 2>&1 << 'CODE' \
        || fail "SQLite's headers or library are missing." \
        "Install them: libsqlite3-dev on Debian and Ubuntu, sqlite-devel on Fedora."
#include <sqlite3.h>
int main() { return sqlite3_compileoption_used("ENABLE_FTS5") ? 0 : 1; }
CODE
    "$program" || fail "this machine's SQLite was built without full-text search (FTS5)." \
        "Install one that has it, as Debian's libsqlite3-dev is."
}

# Pictures and compressed datasets go through the system's zlib. macOS brings it with Xcode.
check_zlib() {
    [ "$(uname)" != Darwin ] || return 0
    "$cxx" -x c++ - -lz -o "$scratch/zlib_test" > "$scratch/zlib.log" 2>&1 << 'CODE' \
        || fail "zlib's headers or library are missing." \
        "Install them: zlib1g-dev on Debian and Ubuntu, zlib-devel on Fedora."
#include <zlib.h>
int main() { return zlibVersion()[0] == ZLIB_VERSION[0] ? 0 : 1; }
CODE
}

# at_least VERSION OLDEST: compares major and minor numbers.
at_least() {
    printf '%s %s\n' "${1:-0.0}" "$2" | awk '
        { split($1, a, "."); split($2, b, "."); exit !(a[1] > b[1] || (a[1] == b[1] && a[2] + 0 >= b[2] + 0)) }'
}
