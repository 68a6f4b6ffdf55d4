#!/usr/bin/env python3
"""Prints the licences of BertQA, of the packages linked into it and of Swift: licences.py ROOT SWIFT_SHARE"""

import sys
from pathlib import Path

NAMES = ("LICENSE", "LICENCE", "NOTICE", "COPYING")


def texts(folder):
    """The licence files at the top of a folder, and one below: vendored code keeps its own beside it."""
    for path in sorted([*folder.glob("*"), *folder.glob("Sources/*/*")]):
        if path.is_file() and path.name.upper().startswith(NAMES):
            yield path


def main():
    root, swift = Path(sys.argv[1]), Path(sys.argv[2])
    sources = [("BertQA", root)]
    sources += [(path.name, path) for path in sorted((root / ".build/checkouts").iterdir()) if path.is_dir()]
    sources += [("Swift's run-time libraries", path) for path in sorted(swift.glob("swift*")) if path.is_dir()]
    seen = set()
    for name, folder in sources:
        for path in [folder / "LICENSE"] if folder == root else texts(folder):
            text = path.read_text(encoding="utf-8", errors="replace").strip()
            print(f"==== {name}: {path.relative_to(folder)}\n")
            # Most packages have the same Apache licence: once is enough.
            print("(the same text as above)\n" if text in seen else f"{text}\n")
            seen.add(text)
    print("==== ICU, in Swift's lib_FoundationICU.so\n\nThe Unicode licence: https://www.unicode.org/license.txt\n")
    print("==== SQLite\n\nSQLite is in the public domain: https://www.sqlite.org/copyright.html")


if __name__ == "__main__":
    main()
