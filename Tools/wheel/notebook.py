#!/usr/bin/env python3
"""Runs `!bertqa demo` in a notebook's kernel and looks at what the cell keeps: notebook.py FOLDER [OPTION ...]"""

import shlex
import sys

import nbformat
from nbclient import NotebookClient


def main():
    folder, options = sys.argv[1], shlex.join(sys.argv[2:])
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell(f"!{sys.executable} -m bertqa demo --output-dir {folder} {options}"),
        nbformat.v4.new_code_cell("!test -t 2 && echo a terminal"),
    ]
    NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    demo, terminal = ("".join(output.get("text", "") for output in cell.outputs) for cell in notebook.cells)
    # Otherwise this would prove nothing: the kernel gives shell lines a terminal.
    if "a terminal" not in terminal:
        sys.exit("the notebook's shell lines have no terminal here")
    if "F1 " not in demo:
        sys.exit(f"the demo failed in a notebook:\n{demo}")
    if "  step " not in demo:
        sys.exit(f"no progress was shown in a notebook:\n{demo}")
    if "\x1b" in demo or "\r" in demo.replace("\r\n", "\n"):
        sys.exit(f"a line was rewritten in a notebook: {demo!r}")


if __name__ == "__main__":
    main()
