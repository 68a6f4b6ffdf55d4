"""Where the time of a clean build went, by package: python3 Tools/build_table.py [.build/build.db].

SwiftPM's build system records when each command became ready and when it ended, but not when it began. As many commands
run at a time as there are cores, so a command began when the core that it got was free, or when it was ready, if that
was later. Commands that were repeated in later builds count as they ended last: build from nothing, once."""

import collections
import glob
import os
import re
import sqlite3
import sys

EXTRAS = "benches and fuzzers"
OWN = {"Sources": "this package", "Tests": "the tests", "Fuzzing": EXTRAS, "Benchmarks": EXTRAS}


def packages():
    """The package of each target, by its name."""
    found = {}
    for folder in glob.glob(".build/checkouts/*/*") + glob.glob(".build/checkouts/*/Sources/*"):
        found.setdefault(os.path.basename(folder), folder.split("/")[2])
    for root, name in OWN.items():
        for folder in glob.glob(f"{root}/*"):
            found[os.path.basename(folder)] = name
    found["CTorch"] = "the shim, CTorch"
    found["CNIOBoringSSL"] = "swift-nio-ssl's BoringSSL"
    return found


def target(key):
    match = re.match(r".*?([\w-]+)\.build/.*\.o$", key) or re.match(r"C?\.?([\w-]+?)-(?:x86_64|aarch64)", key)
    return match and match.group(1)


def commands(path):
    """Target, seconds when it was ready and when it ended, in the order of their ends."""
    database = sqlite3.connect(path)
    database.text_factory = bytes
    rows = database.execute("SELECT key, start, end FROM rule_results JOIN key_names ON id = key_id ORDER BY end")
    for key, ready, end in rows:
        # A command's key begins with C; the rest are files.
        name = key[:1] == b"C" and target(key[1:].decode("utf-8", "replace"))
        if name and end - ready > 0.01:
            yield name, ready, end


def main():
    known, seconds, counts = packages(), collections.Counter(), collections.Counter()
    free = None
    for name, ready, end in commands(sys.argv[1] if len(sys.argv) > 1 else ".build/build.db"):
        free = free or [ready] * os.cpu_count()
        core = min(range(len(free)), key=lambda one: max(free[one], ready))
        seconds[known.get(name, name)] += max(0, end - max(free[core], ready))
        counts[known.get(name, name)] += 1
        free[core] = end
    for name, value in seconds.most_common():
        print(f"| {name} | {counts[name]} | {value:.0f} |")
    print(f"| all | {sum(counts.values())} | {sum(seconds.values()):.0f} |")


main()
