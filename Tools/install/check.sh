#!/bin/sh
# What `make check-archive` does: unpacks dist/bertqa-*.tar.xz in a folder whose name has a space, and uses it where
# neither Swift nor a compiler is on the PATH: Tools/install/check.sh [--model FOLDER], a fine-tuned model to ask as
# well
set -eu

name=check.sh
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/Tools/install/common.sh"
model=''
if [ "${1:-}" = --model ]; then model=$(cd "$2" && pwd); fi
archive=$(ls "$root"/dist/bertqa-*.tar.xz 2> /dev/null) || fail "there is no dist/bertqa-*.tar.xz: run \`make archive\`."
make_scratch
say() { printf '%s\n' "check: $*"; }

# All that the launcher needs.
mkdir "$scratch/bin" "$scratch/a place"
for tool in cat dirname readlink sed; do ln -s "$(command -v "$tool")" "$scratch/bin/$tool"; done
bare() { env -i HOME="$scratch" PATH="$scratch/bin" LANG=C.UTF-8 "$@"; }
# refused WORD COMMAND ...: it ends with exit code 66 and one line with the word.
refused() {
    word=$1 code=0
    shift
    "$@" > /dev/null 2> "$scratch/errors" || code=$?
    [ "$code" = 66 ] && [ "$(wc -l < "$scratch/errors")" = 1 ] && grep -q -e "$word" "$scratch/errors" \
        || { cat "$scratch/errors" >&2; fail "one line with \"$word\" and exit code 66 were expected, not $code."; }
}

tar -C "$scratch/a place" -xf "$archive"
folder=$scratch/a\ place/bertqa-$version
bertqa=$folder/bin/bertqa
say "$(basename "$archive"), $(($(wc -c < "$archive") / 1000000)) MB"

refused "no libtorch in" bare "$bertqa" --version
mkdir -p "$scratch/old/lib"
: > "$scratch/old/lib/libtorch_cpu.so"
echo 1.0.0+cpu > "$scratch/old/build-version"
refused "is libtorch 1.0.0+cpu; this program needs $torch" bare LIBTORCH="$scratch/old" "$bertqa" --version
say "no libtorch, and another one: a sentence each"

ln -s "$(readlink -f "$root/.deps/libtorch")" "$folder/lib/bertqa/libtorch"
mv "$scratch/a place" "$scratch/another place"
ln -s "$scratch/another place/bertqa-$version/bin/bertqa" "$scratch/bin/bertqa"
[ "$(bare bertqa --version)" = "$version" ] || fail "bertqa --version printed something else than $version."
bare bertqa env | grep -q "libtorch_file .*/libtorch_cpu.so" || fail "bertqa env names no libtorch."
say "moved, and called through a link: it runs"
if [ -n "$model" ]; then
    answer=$(bare bertqa ask --model "$model" --context "The tower opened in 1889." --question "When did the tower open?")
    case $answer in 1889*) say "the first answer: $answer" ;; *) fail "the answer was $answer" ;; esac
fi
for file in man/man1/bertqa.1 man/man1/bertqa-train.1 bash-completion/completions/bertqa zsh/site-functions/_bertqa \
    fish/vendor_completions.d/bertqa.fish; do
    [ -s "$scratch/another place/bertqa-$version/share/$file" ] || fail "there is no share/$file."
done
say "man pages and completions are there"
