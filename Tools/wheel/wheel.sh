#!/bin/sh
# What `make wheel` does: dist/bertqa-VERSION-py3-none-PLATFORM.whl, with the platform that auditwheel finds to be true.
set -eu

name="make wheel"
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/Tools/setup/common.sh"
. "$root/Tools/install/common.sh"
make_tools
make_scratch
"$root/Tools/install/tree.sh" "$scratch/tree"
"$root/Tools/install/share.sh" "$program" "$scratch/share"
python3 "$root/Tools/wheel/build.py" "$scratch/tree" "$scratch/share" "$version" "$torch" \
    "$ENCODER_PACKAGE ==$ENCODER_VERSION" "$scratch"

mkdir -p "$root/dist"
# torch brings these libraries; all others must lie in the wheel, or be part of every Linux of the tag.
PATH=$tools:$PATH "$tools/auditwheel" repair --exclude 'libtorch*.so' --exclude libc10.so \
    --wheel-dir "$scratch/repaired" "$scratch"/bertqa-*.whl > "$scratch/auditwheel.log" 2>&1 || {
    cat "$scratch/auditwheel.log" >&2
    fail "auditwheel refuses the wheel (see above)."
}
wheel=$(find "$scratch/repaired" -name 'bertqa-*.whl')
bytes=$(wc -c < "$wheel")
[ "$bytes" -lt 45000000 ] || fail "the wheel has $bytes bytes; 45 million are the most that it may have."
rm -f "$root"/dist/bertqa-*.whl
mv "$wheel" "$root/dist/"
printf '%s\n' "dist/${wheel##*/} ($((bytes / 1000000)) MB)"
