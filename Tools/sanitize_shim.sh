#!/bin/sh
# Compiles the shim and its C++ tests (Tests/CTorchTests) with AddressSanitizer and UndefinedBehaviorSanitizer, outside
# SwiftPM, and runs them: a few minutes where `make sanitize-address` takes many. Only what changed is compiled again.
set -eu

cd "$(dirname "$0")/.."
out=.build-shim
mkdir -p "$out"
toolchain=$(dirname "$(readlink -f "$(command -v swiftc)")")
clang=$toolchain/clang
libtorch=$(cd .deps/libtorch && pwd -P)
flags=$(sed -n 's/^Cflags: //p' .deps/pkgconfig/bertqa-libtorch.pc)
# Registries and threads that libtorch keeps until the process ends are no leaks of ours.
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

# compile.sh SOURCE OBJECT
# libtorch was built with NDEBUG, and at::RecordFunction has a member more without it: the headers that are compiled
# beforehand must agree.
cat > "$out/compile.sh" << SCRIPT
set -eu
source=\$1 object=\$2
exec "$clang" -x c++ -std=c++20 -O1 -gline-tables-only -fno-omit-frame-pointer -fsanitize=address,undefined \\
    -fno-sanitize-recover=undefined -DAT_PER_OPERATOR_HEADERS -DNDEBUG $flags -ISources/CTorch/include \\
    -ISources/CTorch/Processes/Gloo \\
    \${PCH:--include-pch "$out/common.pch"} -c "\$source" -o "\$object"
SCRIPT

# Parsing libtorch's headers is what takes the time: it is done once.
cat > "$out/common.new" << HEADER
#include "../Sources/CTorch/Runtime/Handles.hpp"
#include <ATen/TensorOperators.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
HEADER
cmp -s "$out/common.new" "$out/common.hpp" || cp "$out/common.new" "$out/common.hpp"
rm "$out/common.new"
headers() { find Sources/CTorch Tests/CTorchTests \( -name '*.h' -o -name '*.hpp' -o -name '*.inc' \) "$@"; }
if [ ! -f "$out/common.pch" ] || [ -n "$(headers -newer "$out/common.pch")" ]; then
    PCH="-x c++-header" sh "$out/compile.sh" "$out/common.hpp" "$out/common.pch"
fi

sources() { find Sources/CTorch/Units Tests/CTorchTests -name '*.cpp'; }
object() { printf '%s/%s.o\n' "$out" "$(printf '%s' "$1" | tr / .)"; }

sources | while read -r source; do
    included=$(sed -n 's|^#include "\(.*\.cpp\)"|Sources/CTorch/Units/\1|p' "$source")
    # shellcheck disable=SC2086 # several files
    changed=$(find "$source" $included "$out/common.pch" -newer "$(object "$source")" 2> /dev/null) || changed=yes
    if [ -n "$changed" ]; then echo "$source $(object "$source")"; fi
done | xargs -r -n 2 -P "$(getconf _NPROCESSORS_ONLN)" sh "$out/compile.sh"

# shellcheck disable=SC2046 # several files
"$clang" -fsanitize=address,undefined -fuse-ld=lld $(sources | while read -r source; do object "$source"; done) \
    -o "$out/tests" -L"$libtorch/lib" $(sed -n 's/^Libs: //p' .deps/pkgconfig/bertqa-libtorch.pc) -lstdc++ -lm \
    -Wl,-rpath,"$libtorch/lib"
"$out/tests"
