# What the scripts share that run examples: a folder and a server that do not outlive them. To be sourced.
# shellcheck shell=sh

folder=$(mktemp -d)
server=
cleanup() {
    if [ -n "$server" ]; then kill "$server" 2> /dev/null || true; fi
    rm -rf "$folder"
}
trap cleanup EXIT

# free_port: a port of 127.0.0.1 on which nothing listens.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# wait_until_ready URL NAME: until the server answers there. Its output is in $folder/log.
wait_until_ready() {
    tries=0
    until curl -sf "$1" > /dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -gt 150 ] || ! kill -0 "$server" 2> /dev/null; then
            cat "$folder/log" >&2
            echo "examples: $2 did not get ready" >&2
            exit 1
        fi
        sleep 0.2
    done
}
