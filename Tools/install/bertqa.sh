#!/bin/sh
# Runs BertQA with libtorch: the one that LIBTORCH names, else the one in lib/bertqa/libtorch.
home=$(cd "$(dirname "$(readlink -f "$0")")/../lib/bertqa" && pwd)
libtorch=${LIBTORCH:-$home/libtorch}
if [ ! -e "$libtorch/lib/libtorch_cpu.so" ]; then
    echo "bertqa: no libtorch in $libtorch; link or unpack libtorch @TORCH@ there, or name its folder with LIBTORCH" >&2
    exit 66
fi
found=
if [ -e "$libtorch/build-version" ]; then
    found=$(cat "$libtorch/build-version")
elif [ -e "$libtorch/version.py" ]; then
    found=$(sed -n "s/^__version__ = '\(.*\)'/\1/p" "$libtorch/version.py")
fi
case ${found:-@TORCH@.} in
    @TORCH@.*) ;;
    *)
        echo "bertqa: $libtorch is libtorch $found; this program needs @TORCH@, name such a one with LIBTORCH" >&2
        exit 66
        ;;
esac
export LD_LIBRARY_PATH="$libtorch/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
exec "$home/bertqa" "$@"
