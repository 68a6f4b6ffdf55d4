"""A hub on loopback whose files, headers and manners the caller chooses, and the program in a folder beside it."""

import contextlib
import hashlib
import http.server
import os
import pathlib
import subprocess
import tempfile
import threading

from rig.report import BERTQA

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {"config.json": b"{}", "vocab.txt": b"[PAD]\n", "model.safetensors": b"weights " * 1000}


class Hub(http.server.BaseHTTPRequestHandler):
    """A hub whose files, headers and manners its user chooses."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_HEAD(self):
        self.answer(False)

    def do_GET(self):
        self.answer(True)

    def answer(self, with_body):
        hub = self.server
        hub.asked.append(self.path)
        name = self.path.split("/resolve/")[-1].split("/", 1)[-1]
        if hub.redirect:
            return self.reply(302, [("Location", hub.redirect)], b"")
        if name not in hub.files:
            return self.reply(404, [("X-Error-Code", "EntryNotFound")], b"")
        data = hub.files[name]
        if with_body:
            hub.sent.append(name)
        headers = [("X-Repo-Commit", hub.commit), ("ETag", f'"{hub.etag or hashlib.sha256(data).hexdigest()}"')]
        if not with_body:
            return self.reply(200, headers + [("Content-Length", str(len(data)))], None)
        if hub.endless:
            self.send_response(200)
            for key, value in headers:
                self.send_header(key, value)
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            # Bounded here, too: at most 256 MB.
            with contextlib.suppress(OSError):
                for _ in range(256):
                    self.wfile.write(b"x" * (1 << 20))
            return None
        return self.reply(200, headers + [("Content-Length", str(len(data)))], data)

    def reply(self, code, headers, body):
        self.send_response(code)
        names = [key for key, _ in headers]
        for key, value in headers + ([] if "Content-Length" in names else [("Content-Length", "0")]):
            self.send_header(key, value)
        self.end_headers()
        if body:
            self.wfile.write(body)


@contextlib.contextmanager
def world(**manners):
    """A folder, and a hub with manners of its own."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.daemon_threads = True
    server.asked, server.sent = [], []
    for key, value in {"files": FILES, "commit": COMMIT, "etag": None, "redirect": None, "endless": False,
        **manners}.items():
        setattr(server, key, value)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="bertqa-") as folder:
        try:
            yield pathlib.Path(folder), server
        finally:
            server.shutdown()


def bertqa(*arguments, folder, server=None, **environment):
    variables = {**os.environ, "HF_HUB_CACHE": f"{folder}/cache", "HOME": str(folder), **environment}
    if server:
        variables["HF_ENDPOINT"] = f"http://127.0.0.1:{server.server_address[1]}"
    return subprocess.run(
        [BERTQA, *arguments], cwd=folder, env=variables, capture_output=True, text=True, timeout=60, check=False)


def sentence(ended):
    return (ended.stderr.strip().splitlines() or [""])[-1][:120]


def outside(folder):
    """What lies beside the cache."""
    return sorted(str(path.relative_to(folder)) for path in folder.iterdir() if path.name != "cache")
