"""Attacks on what fetches and writes: hostile repositories and hubs, planted links, devices, settings and numbers.

Everything happens on loopback and in a folder of the attack's own. Needs BERTQA alone; Tools/attack.sh runs it."""

import contextlib
import json
import os
import stat
import subprocess

from rig.hub import bertqa, outside, sentence, world
from rig.report import check as attack
from rig.report import run


@attack("a repository's index names files outside the cache", "refused; nothing is written or asked for elsewhere")
def hostile_index():
    seen = []
    for name in ("evil?/../../../../.bashrc", "../../../../x", "/etc/passwd", "..", "sub/x", "a%2f..%2fb"):
        for index in ("model.safetensors.index.json", "pytorch_model.bin.index.json"):
            files = {"config.json": b"{}", "vocab.txt": b"", index: json.dumps({"weight_map": {"w": name}}).encode()}
            with world(files=files) as (folder, server):
                ended = bertqa("download", "owner/model", "--allow-pickle", folder=folder, server=server)
                strange = [path for path in server.asked if not path.startswith("/owner/model/resolve/main/")
                    or ".." in path]
                if ended.returncode == 0 or outside(folder) or strange:
                    seen.append((name, ended.returncode, outside(folder), strange))
    return not seen, str(seen or "12 refused")


@attack("X-Repo-Commit is a path", "refused")
def hostile_commit():
    codes = []
    for commit in ("../../..", "main", "", "0" * 39 + "/"):
        with world(commit=commit) as (folder, server):
            codes.append(bertqa("download", "owner/model", folder=folder, server=server).returncode)
            if outside(folder):
                return False, f"{commit!r} wrote {outside(folder)}"
    return 0 not in codes, f"exit codes {codes}"


@attack("an ETag is a path", "refused")
def hostile_etag():
    codes = []
    for etag in ("../../x", "..", "a/b", "x" * 4000):
        with world(etag=etag) as (folder, server):
            codes.append(bertqa("download", "owner/model", folder=folder, server=server).returncode)
            if outside(folder):
                return False, f"{etag!r} wrote {outside(folder)}"
    return 0 not in codes, f"exit codes {codes}"


@attack("a reference in the cache is a path", "not followed")
def hostile_reference():
    with world() as (folder, _):
        repository = folder / "cache/models--owner--model"
        (repository / "refs").mkdir(parents=True)
        (repository / "snapshots/x").mkdir(parents=True)
        (repository / "refs/main").write_text("../../..")
        (folder / "config.json").write_text("{}")
        ended = bertqa("download", "owner/model", folder=folder, HF_HUB_OFFLINE="1")
        return ended.returncode == 66, f"exit code {ended.returncode}: {sentence(ended)}"


@attack("a download goes on beyond what was announced", "cut off, refused, nothing kept")
def endless():
    with world(endless=True) as (folder, server):
        ended = bertqa("download", "owner/model", folder=folder, server=server)
        kept = sum(path.stat().st_size for path in (folder / "cache").rglob("*") if path.is_file())
        return ended.returncode == 65 and kept < 4096, f"exit code {ended.returncode}, {kept} bytes kept"


@attack("the hub redirects to a file, to another protocol, in a circle", "refused")
def redirects():
    codes = []
    for target in ("file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://x", "/owner/model/resolve/main/config.json"):
        with world(redirect=target) as (folder, server):
            codes.append(bertqa("download", "owner/model", folder=folder, server=server).returncode)
    return 0 not in codes and all(code > 0 for code in codes), f"exit codes {codes}"


QUESTION = {"data": [{"title": "t", "paragraphs": [{"context": "Ada wrote it.", "qas": [
    {"id": "1", "question": "Who?", "answers": [{"text": "Ada", "answer_start": 0}]}]}]}]}


@attack("links are planted where files are written", "not followed")
def planted_links():
    seen = []
    for name in ("out.json", "out.json.partial"):
        with world() as (folder, _):
            (folder / "data.json").write_text(json.dumps(QUESTION))
            (folder / "mine").write_text("mine")
            (folder / name).symlink_to("mine")
            ended = bertqa("convert", "--data", "data.json", "--output", "out.json", folder=folder)
            seen.append((name, ended.returncode, (folder / "mine").read_text()))
        with world() as (folder, _):
            (folder / "data.json").write_text(json.dumps(QUESTION))
            (folder / name).symlink_to("theirs")
            ended = bertqa("convert", "--data", "data.json", "--output", "out.json", folder=folder)
            seen.append((name, ended.returncode, "theirs" if (folder / "theirs").exists() else "mine"))
    return all(text == "mine" for _, _, text in seen), str(seen)


@attack("--output names a device or a pipe", "written to as it is")
def devices():
    with world() as (folder, _):
        (folder / "data.json").write_text(json.dumps(QUESTION))
        found = []
        os.mkfifo(folder / "pipe")
        reader = subprocess.Popen(["cat", "pipe"], cwd=folder, stdout=subprocess.PIPE)
        ended = bertqa("convert", "--data", "data.json", "--output", "pipe", folder=folder)
        if not stat.S_ISFIFO(os.lstat(folder / "pipe").st_mode):
            reader.kill()
        found.append((ended.returncode, len(reader.communicate()[0]) > 0,
            stat.S_ISFIFO(os.lstat(folder / "pipe").st_mode)))
        with contextlib.suppress(PermissionError):
            os.mknod(folder / "null", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
            ended = bertqa("convert", "--data", "data.json", "--output", "null", folder=folder)
            found.append((ended.returncode, True, stat.S_ISCHR(os.lstat(folder / "null").st_mode)))
        return all(item == (0, True, True) for item in found), str(found)


@attack("a file of settings grows by aliases", "refused at once")
def aliases():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 10):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]")
    with world() as (folder, _):
        (folder / "settings.yaml").write_text("\n".join(lines + ["? *a9", ": 1"]) + "\n")
        ended = bertqa(
            "train", "--config", "settings.yaml", "--model", "m", "--train-file", "f", "--output-dir", "o",
            folder=folder)
        return ended.returncode == 64, f"exit code {ended.returncode}: {sentence(ended)}"


@attack("numbers of 64 bits for options", "usage errors, no crash")
def numbers():
    others = ["--model", "x", "--train-file", "x", "--output-dir", "x"]
    codes = {}
    with world() as (folder, _):
        for option in ("epochs", "batch-size", "max-length", "doc-stride", "max-steps", "save-steps", "threads"):
            for value in ("9223372036854775807", "-9223372036854775808", "99999999999999999999"):
                ended = bertqa("train", f"--{option}={value}", *others, folder=folder, HF_HUB_OFFLINE="1")
                codes.setdefault(ended.returncode, []).append(option)
    return list(codes) == [64], str({code: len(options) for code, options in codes.items()})


run()
