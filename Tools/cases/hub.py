"""The hub, its cache, and file systems that lack something."""

import os
import pathlib
import subprocess
import tempfile

from rig.hub import COMMIT, bertqa, sentence, world
from rig.report import check
from workshop import said, workshop

FAULTS = pathlib.Path(__file__).resolve().parents[1] / "faults/faults.c"
ERRNO = {"symlink": 1, "flock": 38, "sync-folder": 22}


def lacking(call, folder, scratch):
    """The environment of a process for which a folder's file system has no such call."""
    library = f"{scratch}/faults.so"
    if not os.path.exists(library):
        subprocess.run(
            ["cc", "-std=gnu11", "-shared", "-fPIC", "-o", library, os.fspath(FAULTS), "-ldl", "-lpthread"], check=True)
    return {
        "LD_PRELOAD": library, "FAULTS_UNDER": os.path.realpath(folder), "FAULTS_WITHOUT": call,
        "FAULTS_ERRNO": str(ERRNO[call])}


@check("a cache on a file system without links", "downloads and is used; what is there is not fetched again")
def without_links():
    with world() as (folder, server), tempfile.TemporaryDirectory() as scratch:
        variables = lacking("symlink", folder, scratch)
        first = bertqa("download", "owner/model", folder=folder, server=server, **variables)
        asked = sum("resolve" in path for path in server.asked)
        snapshot = folder / f"cache/models--owner--model/snapshots/{COMMIT}"
        files = sorted(path.name for path in snapshot.iterdir())
        server.asked.clear()
        offline = bertqa("download", "owner/model", folder=folder, server=server, HF_HUB_OFFLINE="1", **variables)
        held = first.returncode == offline.returncode == 0 and not any(path.is_symlink() for path in snapshot.iterdir())
        return held and not server.asked, (
        f"{files} after {asked} requests, later {len(server.asked)}: {sentence(first)}")


@check("a snapshot that another system filled, without blobs", "used as it is: no file is fetched")
def filled_snapshot():
    with world() as (folder, server):
        repository = folder / "cache/models--owner--model"
        (repository / f"snapshots/{COMMIT}").mkdir(parents=True)
        (repository / "refs").mkdir()
        (repository / "refs/main").write_text(COMMIT)
        for name, data in server.files.items():
            (repository / f"snapshots/{COMMIT}/{name}").write_bytes(data)
        ended = bertqa("download", "owner/model", folder=folder, server=server)
        return ended.returncode == 0 and not server.sent, f"sent {server.sent}: {sentence(ended)}"


@check("a hub behind a proxy", "asked through it")
def proxy():
    with world() as (folder, server):
        address = f"http://127.0.0.1:{server.server_address[1]}"
        ended = bertqa(
            "download", "owner/model", folder=folder, HF_ENDPOINT="http://hub.invalid", HTTP_PROXY=address,
            http_proxy=address)
        held = ended.returncode == 0 and all("hub.invalid" in path for path in server.asked)
        return held and bool(server.asked), f"{len(server.asked)} requests of the proxy: {sentence(ended)}"


@check("file systems without locks, or without syncing of folders", "the work goes on")
def without_locks():
    with workshop() as shop, tempfile.TemporaryDirectory() as scratch:
        commands = [
            ["train", "--model", "model", "--train-file", "boats.json", "--output-dir", "run", "--max-steps", 1],
            ["predict", "--model", "model", "--data", "boats.json", "--output", "p.json"],
            ["convert", "--data", "boats.json", "--output", "c.json"],
        ]
        seen = {}
        for call in ("flock", "sync-folder"):
            for command in commands:
                ended = shop.run(*command, **lacking(call, shop.folder, scratch))
                seen[call, command[0]] = (ended.returncode, said(ended) if ended.returncode else "")
            for name in ("p.json", "c.json"):
                (shop.folder / name).unlink()
            (shop.folder / "run").rename(shop.folder / call)
        return all(code == 0 for code, _ in seen.values()), str(seen)
