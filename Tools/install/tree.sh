#!/bin/sh
# Makes the folder that an installed BertQA lives in: Tools/install/tree.sh FOLDER
#
#   bertqa          the program without debug information; it looks for libraries beside itself and in libtorch/lib
#   lib*.so*        Swift's run-time libraries and SQLite: what neither libtorch nor a usual system has
#   sample          the data of `bertqa demo`
#   commit          what the program was built from
#   licences.txt    the licences of what is linked into the program or lies beside it
#
# libtorch is not in it: `make install`, the archive and the wheel each find it in their own place.
set -eu

name=tree.sh
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/Tools/install/common.sh"
[ "$(uname)" = Linux ] || fail "only Linux is supported: on macOS use the program where \`make build\` makes it."
folder=$1
[ -x "$program" ] || fail "there is no $program: run \`make build\`."
[ -n "$torch" ] || fail "there is no .deps/pkgconfig/bertqa-libtorch.pc: run \`make setup\`."
make_tools

mkdir -p "$folder/sample"
strip -o "$folder/bertqa" "$program"
# This also takes away the folder of the compiler's own libraries, which is only right on this machine. libtorch.so is
# empty and would load the CUDA half at every start; the program loads that half itself, when there is a driver.
"$tools/patchelf" --set-rpath "\$ORIGIN:\$ORIGIN/libtorch/lib" --remove-needed libtorch.so "$folder/bertqa"

# The libraries that it needs, and those that these need, as the loader finds them here.
swift_libraries=$(dirname "$(ldd "$program" | sed -n 's/.*libswiftCore\.so => \(.*\) (0x.*/\1/p')")
ldd "$program" | sed -n 's/^[[:space:]]*\([^ ]*\) => \(\/.*\) (0x.*/\1 \2/p' | while read -r library path; do
    case $path in
        "$swift_libraries"/* | */libsqlite3.so.*)
            cp -L "$path" "$folder/$library"
            chmod u+w,a+r,a-x "$folder/$library"
            strip --strip-unneeded "$folder/$library"
            ;;
    esac
done
[ -e "$folder/libswiftCore.so" ] || fail "Swift's run-time libraries were not found; is the program linked statically?"

cp "$root"/Data/sample/* "$folder/sample"
# A tree that differs from its commit says so.
git -C "$root" describe --always --abbrev=40 --exclude '*' --dirty=-modified > "$folder/commit" 2> /dev/null \
    || rm -f "$folder/commit"
python3 "$root/Tools/install/licences.py" "$root" "$(dirname "$(command -v swift)")/../share" > "$folder/licences.txt"
