#!/bin/sh
# Runs `swift` in the current package with libtorch at hand, for packages that depend on BertQA as for BertQA itself:
#
#   path/to/BertQA/Tools/swift.sh build -c release
#   path/to/BertQA/Tools/swift.sh run my-program
#
# It does what `make setup` does where that was not done yet, lets SwiftPM find libtorch's headers (PKG_CONFIG_PATH),
# and links libtorch's libraries beside what is built, where a program looks for them ($ORIGIN). After that the
# program runs by itself.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ $# -eq 0 ]; then
    echo "usage: $0 build|run|test [OPTION ...]: what swift does, with libtorch" >&2
    exit 64
fi
"$here/setup.sh"
PKG_CONFIG_PATH=$here/../.deps/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_PATH

# The options that decide where the products are.
configuration=debug package=. scratch=
previous=
for word in "$@"; do
    case $previous in
        -c | --configuration) configuration=$word ;;
        --package-path) package=$word ;;
        --scratch-path | --build-path) scratch=$word ;;
    esac
    case $word in
        -crelease | --configuration=release) configuration=release ;;
        --package-path=*) package=${word#*=} ;;
        --scratch-path=* | --build-path=*) scratch=${word#*=} ;;
        --) break ;;
    esac
    previous=$word
done
"$here/link_libtorch.sh" -c "$configuration" --package-path "$package" ${scratch:+--scratch-path "$scratch"}
exec "${SWIFT:-swift}" "$@"
