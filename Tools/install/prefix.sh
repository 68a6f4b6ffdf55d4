#!/bin/sh
# Lays BertQA out as below /usr/local: Tools/install/prefix.sh PREFIX
#
#   bin/bertqa      finds libtorch and runs the program
#   lib/bertqa      the program and its libraries (Tools/install/tree.sh); libtorch is expected in lib/bertqa/libtorch
#   share           man pages, completions for bash, zsh and fish
set -eu

name=prefix.sh
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/Tools/install/common.sh"
prefix=$1

mkdir -p "$prefix/bin" "$prefix/lib/bertqa"
"$root/Tools/install/tree.sh" "$prefix/lib/bertqa"
"$root/Tools/install/share.sh" "$program" "$prefix/share"
sed "s/@TORCH@/$torch/g" "$root/Tools/install/bertqa.sh" > "$prefix/bin/bertqa"
chmod 755 "$prefix/bin/bertqa" "$prefix/lib/bertqa/bertqa"
