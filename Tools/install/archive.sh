#!/bin/sh
# What `make archive` does: dist/bertqa-VERSION-linux-MACHINE.tar.xz, a folder that works wherever it is unpacked.
# libtorch is not in it: it is unpacked or linked into lib/bertqa/libtorch.
set -eu

name="make archive"
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/Tools/install/common.sh"
make_scratch
folder=bertqa-$version
"$root/Tools/install/prefix.sh" "$scratch/$folder"
mkdir -p "$root/dist"
sed "s/@TORCH@/$torch/g; s/@VERSION@/$version/g" "$root/Tools/install/README.txt" > "$scratch/$folder/README.txt"
archive=$root/dist/bertqa-$version-linux-$(uname -m).tar.xz
tar -C "$scratch" --sort=name --owner=0 --group=0 --numeric-owner -cf - "$folder" | xz -T0 -6 > "$archive.partial"
mv "$archive.partial" "$archive"
printf '%s\n' "$archive ($(($(wc -c < "$archive") / 1000000)) MB)"
