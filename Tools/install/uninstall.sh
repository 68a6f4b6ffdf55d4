#!/bin/sh
# What `make uninstall PREFIX=...` does: removes what `make install` put below PREFIX.
set -eu

target=${DESTDIR:-}${PREFIX:-/usr/local}
rm -rf "$target/lib/bertqa"
rm -f "$target/bin/bertqa" "$target"/share/man/man1/bertqa.1 "$target"/share/man/man1/bertqa-*.1 \
    "$target/share/bash-completion/completions/bertqa" "$target/share/zsh/site-functions/_bertqa" \
    "$target/share/fish/vendor_completions.d/bertqa.fish"
