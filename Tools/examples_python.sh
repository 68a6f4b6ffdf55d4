#!/bin/sh
# Runs examples/python against a server of its own: Tools/examples_python.sh MODEL, a model fine-tuned on SQuAD;
# runs/demo without one.
#
# LangChain, Haystack and openapi-python-client go into .venv-examples, pinned by examples/python/requirements.txt.
# BERTQA names another program than .build/release/bertqa.
set -eu

cd "$(dirname "$0")/.."
model=${1:-runs/demo}
bertqa=${BERTQA:-.build/release/bertqa}
[ -d "$model" ] || { echo "examples: there is no model $model; run 'make demo', or name one" >&2; exit 66; }
python=.venv-examples/bin/python
if ! cmp -s examples/python/requirements.txt .venv-examples/requirements.txt; then
    python3 -m venv .venv-examples
    $python -m pip install --quiet --disable-pip-version-check -r examples/python/requirements.txt
    cp examples/python/requirements.txt .venv-examples/requirements.txt
fi

. Tools/rig/example.sh
port=$(free_port)
address=http://127.0.0.1:$port
"$bertqa" serve --model "$model" --port "$port" --database none > "$folder/log" 2>&1 &
server=$!
wait_until_ready "$address/ready" "the server"

# Neither framework reports what it is used for to anybody.
export HAYSTACK_TELEMETRY_ENABLED=false LANGSMITH_TRACING=false
# expect NAME LINE ...: the example prints each of these lines.
expect() {
    name=$1
    shift
    if ! $python "examples/python/$name.py" "$address" > "$folder/out" 2> "$folder/log"; then
        cat "$folder/out" "$folder/log" >&2
        echo "examples: $name.py failed" >&2
        exit 1
    fi
    for line in "$@"; do
        grep -qxF -e "$line" "$folder/out" && continue
        cat "$folder/out" >&2
        echo "examples: $name.py printed no line: $line" >&2
        exit 1
    done
    echo "examples: $name.py printed what it should"
}

expect langchain_qa "eiffel -> Gustave Eiffel" "1889"
expect haystack_qa "Gustave Eiffel"
# What it leaves out it says as warnings. It knows no requests of plain text, the other way to store a document.
echo "post_hooks: []" > "$folder/config.yaml"
mkdir "$folder/path"
.venv-examples/bin/openapi-python-client generate --url "$address/openapi.json" --config "$folder/config.yaml" --meta none \
    --output-path "$folder/path/bert_qa_client" > "$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
if [ "$(grep -c '^WARNING\|^ERROR' "$folder/log")" != 1 ] || ! grep -q '^Unsupported content type text/plain$' "$folder/log"; then
    cat "$folder/log" >&2
    echo "examples: the generated client leaves something out" >&2
    exit 1
fi
export PYTHONPATH="$folder/path"
expect generated_client "answer: 1889 55" "answers: | Gustave Eiffel | 1889" "stored: 60" "found: eiffel Gustave Eiffel 0" \
    "about: Gustave Eiffel" "read: True" "deleted: 204" "missing: not_found" "hugging face: Gustave Eiffel" "refused: top_k" \
    "health: ok ready" "others: True True 3.1.0"
