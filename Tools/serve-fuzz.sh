#!/bin/sh
# Fuzzes a running server by its own description: Tools/serve-fuzz.sh --model MODEL [--examples N]. BERTQA names another
# program than .build/release/bertqa.
#
# Schemathesis, which goes into .venv-fuzz, makes requests that fit /openapi.json and requests that do not, and checks
# that no answer is a 5xx, that every status, header and body is one that the description names, and that wrong
# requests are refused.
set -eu

cd "$(dirname "$0")/.."
model="" examples=200
while [ $# -gt 0 ]; do
    case $1 in
        --model) model=$2 ;;
        --examples) examples=$2 ;;
        *) echo "serve-fuzz: $1 is not known; there are --model, --examples" >&2 && exit 64 ;;
    esac
    shift 2
done
[ -n "$model" ] || { echo "serve-fuzz: give --model" >&2; exit 64; }
if [ ! -x .venv-fuzz/bin/python ]; then python3 -m venv .venv-fuzz; fi
.venv-fuzz/bin/python -m pip install --quiet --disable-pip-version-check schemathesis==4.32.5

port=18094
"${BERTQA:-.build/release/bertqa}" serve --model "$model" --port "$port" --database none --log-level error &
server=$!
trap 'kill "$server" 2> /dev/null || true; wait "$server" 2> /dev/null || true' EXIT
for _ in $(seq 100); do
    if curl -fs "http://127.0.0.1:$port/ready" > /dev/null; then break; fi
    sleep 0.2
done
.venv-fuzz/bin/schemathesis run "http://127.0.0.1:$port/openapi.json" --max-examples "$examples" \
    --checks all --exclude-checks ignored_auth,positive_data_acceptance --phases examples,coverage,fuzzing,stateful \
    --continue-on-failure --request-timeout 60
kill -0 "$server" || { echo "serve-fuzz: the server is gone" >&2; exit 1; }
