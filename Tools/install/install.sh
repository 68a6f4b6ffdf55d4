#!/bin/sh
# What `make install PREFIX=...` does: BertQA below PREFIX with the libtorch that it was built with. DESTDIR stands
# before PREFIX for those who make packages.
set -eu

name="make install"
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/Tools/install/common.sh"
prefix=${PREFIX:-/usr/local}
case $prefix in /*) ;; *) fail "PREFIX=$prefix must begin with /" ;; esac
target=${DESTDIR:-}$prefix
products=$(dirname "$program")

mkdir -p "$target/bin" "$target/lib" "$target/share" 2> /dev/null && [ -w "$target/lib" ] \
    || fail "cannot write to $target; name another place with PREFIX, or run it with sudo"

# A folder of its own first: what cannot be made leaves an earlier installation as it was.
make_scratch
"$root/Tools/install/prefix.sh" "$scratch/bertqa"

# The libraries that the set-up fetched are copied, since `make distclean` removes them; those of another libtorch stay
# where they are.
mkdir -p "$scratch/bertqa/lib/bertqa/libtorch/lib"
for library in "$products"/lib*.so*; do
    [ -L "$library" ] || continue
    file=$(readlink -f "$library")
    case $file in
        "$root"/*) cp "$file" "$scratch/bertqa/lib/bertqa/libtorch/lib/${library##*/}" ;;
        *) ln -s "$file" "$scratch/bertqa/lib/bertqa/libtorch/lib/${library##*/}" ;;
    esac
done

rm -rf "$target/lib/bertqa"
mv "$scratch/bertqa/lib/bertqa" "$target/lib/bertqa"
cp -R "$scratch/bertqa/share/." "$target/share/"
cp "$scratch/bertqa/bin/bertqa" "$target/bin/bertqa"
printf '%s\n' "installed $prefix/bin/bertqa; \`make uninstall PREFIX=$prefix\` removes it" >&2
