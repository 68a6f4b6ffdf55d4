#!/bin/sh
# Makes the man pages and the completions of the shells: Tools/install/share.sh PROGRAM FOLDER
#
# The program writes both: completions by itself, and the man pages by its argument parser's generate-manual, which is
# built here once (.build-manual).
set -eu

name=share.sh
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/Tools/install/common.sh"
program=$1 folder=$2
parser=$root/.build/checkouts/swift-argument-parser
[ -d "$parser" ] || fail "there is no $parser: run \`make build\`."

completions() {
    mkdir -p "$folder/$2"
    "$program" --generate-completion-script "$1" > "$folder/$2/$3" || fail "the completions for $1 could not be made."
}
completions bash bash-completion/completions bertqa
completions zsh zsh/site-functions _bertqa
completions fish fish/vendor_completions.d bertqa.fish

make_scratch
swift build --package-path "$parser" --scratch-path "$root/.build-manual" --product generate-manual \
    > "$scratch/build.log" 2>&1 || {
    cat "$scratch/build.log" >&2
    fail "generate-manual could not be built (see above)."
}
date=$(git -C "$root" log -1 --format=%cs 2> /dev/null || date +%F)
"$root/.build-manual/debug/generate-manual" "$program" --multi-page --date "$date" --output-directory "$scratch"

# `man bertqa train` looks for bertqa-train, as `man git log` for git-log. Examples keep their lines, and the command
# that is hidden in the help has no page.
mkdir -p "$folder/man/man1"
rm -f "$scratch/bertqa.reference.1"
for page in "$scratch"/bertqa*.1; do
    title=$(basename "$page" .1 | sed 's/bertqa\./bertqa-/')
    sed -e '/^\.Xr bertqa\.reference /d' -e 's/^\.Xr bertqa\./.Xr bertqa-/' -e 's/^\.Dt BERTQA\./.Dt BERTQA-/' \
        -e 's/^\.Nm "bertqa[. ]/.Nm "bertqa-/' "$page" \
        | awk '
            /^  / { if (!literal) print ".Bd -literal -offset indent"; literal = 1; sub(/^  /, ""); print; next }
            literal { print ".Ed"; literal = 0 }
            /^$/ { print ".Pp"; next }
            { print }' > "$folder/man/man1/$title.1"
done
