"""What attacks share: a server on a free port of loopback, raw connections, and one line of result an attack."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

BERTQA, MODEL = os.environ["BERTQA"], os.environ["MODEL"]
TEXT = "Ada Lovelace wrote the first program in 1843."
ATTACKS = []


def attack(name, expected):
    """Registers a function that returns (whether it held, what was seen)."""
    def register(function):
        ATTACKS.append((name, expected, function))
        return function
    return register


def run():
    """Runs all registered attacks; the process ends with 1 if one succeeds."""
    failures = 0
    for name, expected, function in ATTACKS:
        try:
            held, seen = function()
        except Exception as error:  # noqa: BLE001: an attack that cannot be carried out is reported as a failure
            held, seen = False, f"{type(error).__name__}: {error}"
        failures += not held
        print(f"{'PASS' if held else 'FAIL'} | {name} | expected: {expected} | seen: {seen}", flush=True)
    sys.exit(1 if failures else 0)


class Server:
    """`bertqa serve` on a free port, with what it logs."""

    def __init__(self, *arguments, environment=None, before=(), ready=True):
        self.log = tempfile.NamedTemporaryFile("r", prefix="bertqa-attack-", suffix=".log")
        command = [*before, BERTQA, "serve", "--model", MODEL, "--port", "0", "--log-format", "json", "--threads", "2"]
        self.process = subprocess.Popen(
            [*command, *arguments], stdout=subprocess.DEVNULL, stderr=open(self.log.name, "w"),
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
