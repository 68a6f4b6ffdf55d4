"""`bertqa serve` on a free port of loopback, with raw connections and what the system says about the process.

MODEL names the model's folder where a caller gives none."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile
import time

from rig.report import BERTQA

MODEL = os.environ.get("MODEL", "")


class Server:
    """`bertqa serve` on a free port, with what it logs."""

    def __init__(self, *arguments, model=MODEL, environment=None, before=(), ready=True, folder=None):
        self.log = tempfile.NamedTemporaryFile("r", prefix="bertqa-server-", suffix=".log")
        command = [*before, BERTQA, "serve", "--model", model, "--port", "0", "--log-format", "json", "--threads", "2"]
        self.process = subprocess.Popen(
            [*command, *arguments], stdout=subprocess.DEVNULL, stderr=open(self.log.name, "w"), cwd=folder,
            env={**os.environ, **(environment or {})})
        self.port = None
        end = time.time() + 60
        while time.time() < end and self.process.poll() is None:
            lines = self.lines()
            urls = [line["url"] for line in lines if "url" in line]
            if urls and (not ready or any(line["message"] == "ready" for line in lines)):
                self.port = int(urls[0].rstrip("/").rsplit(":", 1)[1])
                return
            time.sleep(0.05)
        raise RuntimeError(f"the server did not start: {self.text()[-500:]}")

    def text(self):
        with open(self.log.name, encoding="utf-8") as file:
            return file.read()

    def lines(self):
        found = []
        for line in self.text().splitlines():
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return found

    def ask(self, method, path, body=None, timeout=30, **headers):
        """Status and body; header names are written with underscores."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            headers.setdefault("content-type", "application/json")
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def raw(self, data, timeout=30):
        """Sends bytes and reads until the server closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as client:
            client.sendall(data)
            found = b""
            with contextlib.suppress(ConnectionError):
                while piece := client.recv(65536):
                    found += piece
            return found

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")

    def processor(self):
        """Seconds of processor used."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def alive(self):
        return self.process.poll() is None and self.ask("GET", "/health")[0] == 200

    def stop(self, timeout=60):
        """Asks it to end; returns its exit code, negative for a signal."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None


@contextlib.contextmanager
def server(*arguments, **options):
    started = Server(*arguments, **options)
    try:
        yield started
    finally:
        started.stop()
