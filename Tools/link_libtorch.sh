#!/bin/sh
# Links libtorch's libraries beside what `swift build` produces, where the products look for them ($ORIGIN), and has everything
# planned anew for a libtorch with other headers: Tools/link_libtorch.sh [OPTION ...], those of `swift build`; -c release without any.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
libtorch=$(cd .deps/libtorch && pwd -P)
[ $# -gt 0 ] || set -- -c release
products=$(swift build "$@" --show-bin-path)
marker=$products/.libtorch
linked=$(printf '%s\n' "$libtorch" && cat .deps/pkgconfig/bertqa-libtorch.pc)

if [ -f "$marker" ] && [ "$(cat "$marker")" = "$linked" ] && ls "$products"/libtorch_cpu.* > /dev/null 2>&1; then exit 0; fi
mkdir -p "$products"

# SwiftPM goes by the plan of the last build and does not look into the pkg-config file again: what was compiled for another
# libtorch would pass for new.
rm -f "$products/description.json"

# Links that an earlier libtorch left behind would be mixed with this one's.
find "$products" -maxdepth 1 -type l \( -name 'lib*.so*' -o -name 'lib*.dylib' \) -exec rm -f {} +

# link_all FOLDER: every shared library of it but libtorch_python, which wants a Python.
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
