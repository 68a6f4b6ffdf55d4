#!/bin/sh
# Links libtorch's libraries beside the products of `swift build`, which look for them there ($ORIGIN), and makes
# SwiftPM plan the build again for a libtorch with other headers: Tools/link_libtorch.sh [OPTION ...], those of `swift
# build`. Without any it is this package's release build.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
libtorch=$(cd "$root/.deps/libtorch" && pwd -P)
[ $# -gt 0 ] || set -- -c release --package-path "$root"
products=$(swift build "$@" --show-bin-path)
marker=$products/.libtorch
linked=$(printf '%s\n' "$libtorch" && cat "$root/.deps/pkgconfig/bertqa-libtorch.pc")

if [ -f "$marker" ] && [ "$(cat "$marker")" = "$linked" ] && ls "$products"/libtorch_cpu.* > /dev/null 2>&1; then
    exit 0
fi
mkdir -p "$products"

# SwiftPM keeps the plan of the last build and does not read the pkg-config file again: objects compiled for another
# libtorch would pass for new.
rm -f "$products/description.json"

# Links that an earlier libtorch left would be mixed with those of this one.
find "$products" -maxdepth 1 -type l \( -name 'lib*.so*' -o -name 'lib*.dylib' \) -exec rm -f {} +

# link_all FOLDER: every shared library in it except libtorch_python, which needs a Python.
link_all() {
    for library in "$1"/lib*.so* "$1"/lib*.dylib; do
        case ${library##*/} in
            'lib*.so*' | 'lib*.dylib' | libtorch_python*) ;;
            *) ln -sfn "$library" "$products/${library##*/}" ;;
        esac
    done
}

# A CUDA build from pip finds CUDA in neighbouring packages, by paths relative to itself: they must come along.
outside_folders() {
    command -v ldd > /dev/null || return 0
    for library in "$libtorch"/lib/libtorch_cpu.so "$libtorch"/lib/libtorch_cuda.so; do
        if [ -e "$library" ]; then ldd "$library" 2> /dev/null | sed -n 's/.* => \(\/.*\)\/[^/]* (0x.*/\1/p'; fi
    done | sort -u
}

outside_folders | while IFS= read -r folder; do
    folder=$(cd "$folder" && pwd -P)
    case $folder in
        "$libtorch"/*) ;;
        "${libtorch%/*}"/*) link_all "$folder" ;;
    esac
done
link_all "$libtorch/lib"
printf '%s\n' "$linked" > "$marker"
