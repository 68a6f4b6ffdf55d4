#!/usr/bin/env python3
"""Takes parts of a wheel: unpack_wheel.py WHEEL DESTINATION [--strip FOLDER] [--skip NAME-PREFIX ...] PART ...

Each PART is a file or a folder inside the wheel; FOLDER is taken off the front of the names.
"""

import argparse
import shutil
import sys
import zipfile
from pathlib import Path, PurePosixPath


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("wheel")
    parser.add_argument("destination", type=Path)
    parser.add_argument("parts", nargs="+")
    parser.add_argument("--strip", default="")
    parser.add_argument("--skip", nargs="*", default=[])
    arguments = parser.parse_args()
    found = set()
    with zipfile.ZipFile(arguments.wheel) as wheel:
        for entry in wheel.infolist():
            name = PurePosixPath(entry.filename)
            part = next((p for p in arguments.parts if name == PurePosixPath(p) or PurePosixPath(p) in name.parents),
                None)
            if part is None or entry.is_dir() or any(name.name.startswith(prefix) for prefix in arguments.skip):
                continue
            if name.is_absolute() or ".." in name.parts:
                sys.exit(f"{arguments.wheel}: refuses to unpack {entry.filename}")
            target = arguments.destination / name.relative_to(arguments.strip)
            target.parent.mkdir(parents=True, exist_ok=True)
            with wheel.open(entry) as source, open(target, "wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
            found.add(part)
    missing = [part for part in arguments.parts if part not in found]
    if missing:
        sys.exit(f"{arguments.wheel}: has no {', '.join(missing)}")


if __name__ == "__main__":
    try:
        main()
    except (OSError, zipfile.BadZipFile) as error:
        sys.exit(f"unpacking failed: {error}")
