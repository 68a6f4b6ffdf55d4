#!/usr/bin/env python3
"""Packs a wheel: build.py TREE SHARE VERSION TORCH ENCODER FOLDER

TREE is the folder of Tools/install/tree.sh, SHARE that of share.sh, TORCH such as 2.13, ENCODER the requirement of the
extra `demo`. The wheel in FOLDER has the tag of this machine alone; auditwheel finds the one that is true for others.
- Source: https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

import base64
import hashlib
import platform
import stat
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

METADATA = """\
Metadata-Version: 2.4
Name: bertqa
Version: {version}
Summary: Fine-tune BERT to answer questions about texts, measure the model, use it and serve it
License-Expression: Apache-2.0
License-File: LICENSE
License-File: licences.txt
Keywords: BERT,question answering,SQuAD,fine-tuning,libtorch
Classifier: Environment :: Console
Classifier: Operating System :: POSIX :: Linux
Classifier: Topic :: Scientific/Engineering :: Artificial Intelligence
Requires-Python: >=3.10
Requires-Dist: torch ~={torch}.0
Requires-Dist: {encoder} ; extra == 'demo'
Provides-Extra: demo
Description-Content-Type: text/markdown

"""

WHEEL = """\
Wheel-Version: 1.0
Generator: bertqa
Root-Is-Purelib: false
Tag: py3-none-{platform}
"""

SCRIPT = "#!python\nfrom bertqa import main\n\nmain()\n"


class Wheel:
    """A wheel that is being written."""

    def __init__(self, path):
        self.archive = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9)
        self.records = []

    def add(self, name, contents, executable=False):
        """Adds a file. Times are left out: the same files make the same wheel."""
        entry = zipfile.ZipInfo(name)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
        self.archive.writestr(entry, contents)
        digest = base64.urlsafe_b64encode(hashlib.sha256(contents).digest()).rstrip(b"=").decode()
        self.records.append(f"{name},sha256={digest},{len(contents)}\n")

    def add_folder(self, folder, name):
        """Adds the files of a folder and of those in it."""
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                executable = bool(path.stat().st_mode & stat.S_IXUSR)
                self.add(f"{name}/{path.relative_to(folder)}", path.read_bytes(), executable)

    def close(self, info):
        """Writes the list of files."""
        self.archive.writestr(zipfile.ZipInfo(f"{info}/RECORD"), "".join(self.records) + f"{info}/RECORD,,\n")
        self.archive.close()


def main():
    tree, share, version, torch, encoder, folder = sys.argv[1:]
    tag = f"linux_{platform.machine()}"
    info, data = f"bertqa-{version}.dist-info", f"bertqa-{version}.data"
    wheel = Wheel(Path(folder) / f"bertqa-{version}-py3-none-{tag}.whl")
    for path in sorted((ROOT / "Tools/wheel/package").glob("*.py")):
        wheel.add(f"bertqa/{path.name}", path.read_text(encoding="utf-8").replace("@TORCH@", torch).encode())
    wheel.add_folder(Path(tree), "bertqa")
    wheel.add_folder(Path(share), f"{data}/data/share")
    wheel.add(f"{data}/scripts/bertqa", SCRIPT.encode(), executable=True)
    description = (ROOT / "Tools/wheel/README.md").read_text(encoding="utf-8")
    metadata = METADATA.format(version=version, torch=torch, encoder=encoder) + description
    wheel.add(f"{info}/METADATA", metadata.encode())
    wheel.add(f"{info}/WHEEL", WHEEL.format(platform=tag).encode())
    wheel.add(f"{info}/licenses/LICENSE", (ROOT / "LICENSE").read_bytes())
    wheel.add(f"{info}/licenses/licences.txt", (Path(tree) / "licences.txt").read_bytes())
    wheel.close(info)


if __name__ == "__main__":
    main()
