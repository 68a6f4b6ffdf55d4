"""Checks on the program from outside, with one line of result each.

BERTQA names the program; .build/release/bertqa without it."""

import os
import sys

BERTQA = os.path.abspath(os.environ.get("BERTQA", ".build/release/bertqa"))
CHECKS = []


def check(name, expected):
    """Registers a function that returns (whether it held, what was seen)."""
    def register(function):
        CHECKS.append((name, expected, function))
        return function
    return register


def run(names=()):
    """Runs all registered checks, or those whose names contain one of some words; ends with 1 if one does not hold."""
    failures = 0
    for name, expected, function in CHECKS:
        if names and not any(word in name for word in names):
            continue
        try:
            held, seen = function()
        except Exception as error:  # noqa: BLE001: a check that cannot be carried out has failed
            held, seen = False, f"{type(error).__name__}: {error}"
        failures += not held
        print(f"{'PASS' if held else 'FAIL'} | {name} | expected: {expected} | seen: {seen}", flush=True)
    sys.exit(1 if failures else 0)
