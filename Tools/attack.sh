#!/bin/bash
# Attacks the release program as strangers would, on loopback only, bounded in time and number. Prints one line an
# attack: its name, what is expected, what was seen, and PASS or FAIL. Ends with 1 if one fails.
#
#   Tools/attack.sh --model MODEL [NAME...]     all of Tools/attack, or those files only
#
# BERTQA names another program than .build/release/bertqa. Needs Python 3.11 and nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."
model=
names=()
while [ $# -gt 0 ]; do
    case "$1" in
    --model) model="${2:?--model needs a folder}"; shift 2 ;;
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) names+=("$1"); shift ;;
    esac
done
[ -n "$model" ] || { echo "attack.sh: --model is missing; name a model that was fine-tuned on SQuAD" >&2; exit 64; }
export BERTQA="${BERTQA:-$PWD/.build/release/bertqa}" MODEL="$model" PYTHONPATH=Tools PYTHONDONTWRITEBYTECODE=1
[ -x "$BERTQA" ] || { echo "attack.sh: $BERTQA is missing; run 'make build' first" >&2; exit 66; }
status=0
for file in Tools/attack/*.py Tools/attack/*.sh; do
    name=$(basename "${file%.*}")
    [ -e "$file" ] || continue
    [ ${#names[@]} -eq 0 ] || [[ " ${names[*]} " == *" $name "* ]] || continue
    case "$file" in
    *.py) python3 "$file" || status=1 ;;
    *.sh) bash "$file" || status=1 ;;
    esac
done
exit $status
