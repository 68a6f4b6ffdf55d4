"""Attacks on `bertqa serve`: who gets in, and what falls over."""

import concurrent.futures
import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

from rig.report import BERTQA, run
from rig.report import check as attack
from rig.server import MODEL, Server, server

TEXT = "Ada Lovelace wrote the first program in 1843."
KEY = "attack-key-of-some-length"
ASK = {"question": "Who wrote the first program?", "context": TEXT}


@attack("the API key is passed by with other spellings of a path", "401 for each")
def key_spellings():
    with server("--database", "none", environment={"BERTQA_API_KEY": KEY}) as target:
        seen = {}
        for path in ("//v1/documents/x", "///v1//documents//x", "/v1//documents/x/", "http://127.0.0.1/v1/documents/x",
            "/v1/%64ocuments/x"):
            for method in ("GET", "PUT", "DELETE", "HEAD", "OPTIONS"):
                head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
                seen.setdefault(target.raw(head.encode()).split(b" ")[1].decode(), []).append(path)
        return list(seen) == ["401"], ", ".join(seen)


@attack("API keys are guessed", "429 after ten wrong ones, the right key again after a pause")
def key_guessing():
    with server("--database", "none", environment={"BERTQA_API_KEY": KEY}) as target:
        statuses = [target.ask("GET", "/v1/documents", authorization=f"Bearer guess-{number}")[0]
            for number in range(40)]
        time.sleep(3)
        last = target.ask("GET", "/v1/documents", authorization=f"Bearer {KEY}")[0]
        return statuses.count(429) >= 20 and last == 200, (
            f"{statuses.count(401)} x 401, {statuses.count(429)} x 429, then {last}")


@attack("an API key of five characters, or of two lines", "refused with a sentence")
def weak_keys():
    found = []
    for key in ("short", "a first key of some length\na second key"):
        ended = subprocess.run(
            [BERTQA, "serve", "--model", MODEL, "--port", "0", "--database", "none"],
            env={**os.environ, "BERTQA_API_KEY": key},
            capture_output=True, text=True, timeout=60, check=False)
        found.append(ended.returncode)
    return found == [64, 64], f"exit codes {found}"


@attack("a page whose name was rebound to 127.0.0.1 reads and deletes documents", "403 for every method")
def rebinding():
    with server("--database", "none") as target:
        target.ask("PUT", "/v1/documents/x", {"text": TEXT})
        seen = {target.ask(method, path, host="rebound.example")[0] for method, path in (
            ("GET", "/v1/documents"), ("GET", "/v1/documents/x"), ("DELETE", "/v1/documents/x"), ("GET", "/"))}
        seen.add(target.ask("PUT", "/v1/documents/x", {"text": "x"}, host="rebound.example")[0])
        return seen == {403} and target.ask("GET", "/v1/documents/x")[0] == 200, f"{sorted(seen)}"


@attack("a page of another origin posts, as JSON and as a form", "403 and 415")
def foreign_pages():
    with server("--database", "none") as target:
        first = target.ask("POST", "/v1/answer", ASK, origin="https://evil.example")[0]
        second = target.ask("POST", "/v1/answer", ASK, sec_fetch_site="cross-site")[0]
        third = target.ask("POST", "/v1/answer", ASK, content_type="text/plain")[0]
        fine = target.ask("POST", "/v1/answer", ASK, origin=f"http://127.0.0.1:{target.port}")[0]
        return (first, second, third, fine) == (403, 403, 415, 200), f"{first}, {second}, {third}; its own page {fine}"


@attack("another user reads the database", "mode 600 of all its files, in a folder of mode 700")
def private_database():
    with tempfile.TemporaryDirectory() as folder:
        with server(environment={"XDG_DATA_HOME": folder}) as target:
            target.ask("PUT", "/v1/documents/x", {"text": TEXT})
            place = f"{folder}/bertqa"
            modes = {oct(os.stat(f"{place}/{name}").st_mode & 0o777) for name in os.listdir(place)}
            folder_mode = oct(os.stat(place).st_mode & 0o777)
        return modes == {"0o600"} and folder_mode == "0o700", f"{modes}, folder {folder_mode}"


@attack("requests are smuggled with two lengths", "400")
def smuggling():
    with server("--database", "none") as target:
        inner = "GET /v1/documents HTTP/1.1\r\nhost: localhost\r\n\r\n"
        head = (
            "POST /v1/answer HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n"
            "transfer-encoding: chunked\r\n\r\n0\r\n\r\n")
        seen = target.raw((head + inner).encode(), timeout=15)
        return seen.startswith(b"HTTP/1.1 400") and seen.count(
            b"HTTP/1.1") == 1, f"{seen[:12]!r}, {seen.count(b'HTTP/1.1')} response"


@attack("a question of 400 kB of repeated words", "422 in under a second, /health in under 0.5 s meanwhile")
def long_question():
    with server("--database", "none") as target:
        target.ask("PUT", "/v1/documents/x", {"text": TEXT})
        body = {"question": " ".join(f"w{number}" for number in range(60_000))}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            start = time.time()
            asked = [pool.submit(target.ask, "POST", path, body) for path in ("/v1/answer", "/v1/documents/x/answer")]
            health = time.time()
            target.ask("GET", "/health")
            health = time.time() - health
            statuses = {job.result()[0] for job in asked}
            took = time.time() - start
        return statuses == {422} and took < 1 and health < 0.5, f"{statuses} in {took:.2f} s, /health in {health:.3f} s"


@attack("200 texts of 2 MB under one id", "memory stays below 500 MB more than before")
def replaced_texts():
    with tempfile.TemporaryDirectory() as folder, server("--database", f"{folder}/d.sqlite") as target:
        before = target.memory()
        for number in range(200):
            status = target.ask("PUT", "/v1/documents/x", {"text": "x" * 1_900_000 + str(number)}, timeout=120)[0]
            if status not in (200, 201):
                return False, f"{status} for number {number}"
        grown = target.memory() - before
        return grown < 500e6, f"{grown / 1e6:.0f} MB more"


@attack("a request of 60 bytes asks for hundreds of megabytes", "less than 16 MB")
def amplification():
    with server("--database", "none") as target:
        text = " ".join("\x01" * 14_000 for _ in range(20))
        stored = target.ask("PUT", "/v1/documents/x", {"text": text + " " + TEXT})[0]
        words = " ".join(f"{number % 10}z" * 7000 for number in range(140))
        target.ask("PUT", "/v1/documents/y", {"text": words})
        sizes = [len(target.ask("POST", f"/v1/documents/{name}/answer",
            {"question": "a", "top_k": 100, "max_answer_length": 512}, timeout=60)[1])
                 for name in "xy"]
        return stored in (201, 400) and max(sizes) < 16e6, f"{max(sizes) / 1e6:.2f} MB"


@attack("a request of one kilobyte queues hundreds of thousands of rows", "422 that names the limit")
def many_rows():
    with server("--database", "none") as target:
        body = {"inputs": {"question": "who?", "context": "a " * 200_000},
            "parameters": {"max_seq_len": 24, "doc_stride": 16}}
        status, text = target.ask("POST", "/", body)
        return status == 422 and b"4096" in text, f"{status} {text[:120].decode()}"


@attack("48 bodies of 2 MB at once", "200 and 429 only, memory below 1.5 GB, /health in under 0.5 s")
def many_bodies():
    with server("--database", "none") as target:
        body = {"question": "who?", "context": "Ada wrote it. " * 140_000}
        peak, slowest, going = 0, 0.0, True

        def watch():
            nonlocal peak, slowest
            while going:
                start = time.time()
                target.ask("GET", "/health")
                slowest = max(slowest, time.time() - start)
                peak = max(peak, target.memory())
                time.sleep(0.05)

        watcher = threading.Thread(target=watch)
        watcher.start()

        def post(_):
            with contextlib.suppress(OSError):
                return target.ask("POST", "/v1/answer", body, timeout=8)[0]
            return 0  # This client has left.

        with concurrent.futures.ThreadPoolExecutor(48) as pool:
            statuses = list(pool.map(post, range(48)))
        going = False
        watcher.join()
        held = set(statuses) <= {0, 200, 422, 429} and peak < 1.5e9 and slowest < 0.5
        return held, (
            f"{ {status: statuses.count(status) for status in set(statuses)} }, {peak / 1e6:.0f} MB, "
            f"/health in {slowest:.2f} s")


@attack("heavy requests keep light ones waiting", "the median of light ones under 3 s beside eight texts of 0.5 MB")
def fairness():
    with server("--database", "none") as target:
        heavy = {"question": "who?", "context": "Ada wrote a program. " * 25_000}
        gone = threading.Event()

        def post():
            with contextlib.suppress(OSError):
                target.ask("POST", "/v1/answer", heavy, timeout=20)

        threads = [threading.Thread(target=post, daemon=True) for _ in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(2)
        times = []
        for _ in range(5):
            start = time.time()
            status = target.ask("POST", "/v1/answer", ASK, timeout=60)[0]
            times.append(time.time() - start if status == 200 else 60)
        gone.set()
        target.process.kill()
        return statistics.median(times) < 3, f"median {statistics.median(times):.2f} s"


@attack("large documents are asked for and not read",
    "memory stays below 700 MB more, then 429, then all is well again")
def unread():
    with server("--database", "none") as target:
        target.ask("PUT", "/v1/documents/x", {"text": "\x01" * 300_000 + "x" * 10})
        before, clients, statuses = target.memory(), [], set()
        for _ in range(400):
            client = socket.create_connection(("127.0.0.1", target.port))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(b"GET /v1/documents/x HTTP/1.1\r\nhost: localhost\r\n\r\n")
            clients.append(client)
        time.sleep(3)
        grown = target.memory() - before
        statuses.add(target.ask("GET", "/health")[0])
        for client in clients:
            client.close()
        time.sleep(1)
        last = target.ask("GET", "/v1/documents/x")[0]
        return grown < 700e6 and statuses == {200} and last == 200, f"{grown / 1e6:.0f} MB more, then {last}"


@attack("more connections than files", "a line in the log, less than a third of a core, and service afterwards")
def descriptors():
    with server("--database", "none", before=("bash", "-c", 'ulimit -n 100; exec "$0" "$@"')) as target:
        clients = [socket.create_connection(("127.0.0.1", target.port)) for _ in range(160)]
        time.sleep(1)
        before = target.processor()
        time.sleep(3)
        used = (target.processor() - before) / 3
        for client in clients:
            client.close()
        time.sleep(1)
        told = "limit of open files" in target.text()
        last = target.ask("POST", "/v1/answer", ASK)[0]
        return told and used < 0.33 and last == 200, (
            f"{'a line' if told else 'no line'}, {used:.0%} of a core, then {last}")


@attack("the disk of the database is full", "507 for PUT and DELETE, everything else goes on")
def full_disk():
    with tempfile.TemporaryDirectory() as folder:
        before = ("unshare", "-rm", "bash", "-c", f'mount -t tmpfs -o size=2m none {folder}; exec "$0" "$@"')
        if shutil.which("unshare") is None or subprocess.run([*before, "true"], capture_output=True,
            check=False).returncode:
            return True, "not tried: no file system can be mounted here"
        with server("--database", f"{folder}/d.sqlite", before=before) as target:
            statuses = [target.ask("PUT", f"/v1/documents/d{number}", {"text": "Ada wrote it. " * 20_000})[0]
                for number in range(12)]
            deleted = target.ask("DELETE", "/v1/documents/d0")[0]
            other = target.ask("POST", "/v1/answer", ASK)[0]
        held = set(statuses) <= {201, 507} and 507 in statuses and deleted in (204, 507) and other == 200
        return held, f"PUT {sorted(set(statuses))}, DELETE {deleted}, a question {other}"


@attack("the database is removed under the server", "503 and a line in the log, nothing stored in vain")
def removed_database():
    with tempfile.TemporaryDirectory() as folder, server("--database", f"{folder}/d.sqlite") as target:
        target.ask("PUT", "/v1/documents/x", {"text": TEXT})
        os.remove(f"{folder}/d.sqlite")
        status = target.ask("PUT", "/v1/documents/y", {"text": TEXT})[0]
        told = "removed or replaced" in target.text()
        return status == 503 and told, f"{status}, {'a line' if told else 'no line'}"


@attack("the model's file is overwritten and cut while it is served", "the same answers, no crash")
def changed_model():
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(MODEL, f"{folder}/m")
        with server("--database", "none", "--model", f"{folder}/m", "--precision", "fp32") as target:
            first = target.ask("POST", "/v1/answer", ASK)[1]
            with open(f"{folder}/m/model.safetensors", "r+b") as file:
                file.seek(1_000_000)
                file.write(b"\x3f" * 20_000_000)
                file.truncate(30_000_000)
            second = target.ask("POST", "/v1/answer", ASK)[1]
            return first == second and target.alive(), "equal" if first == second else "other answers"


@attack("a body over the limit from a client that sends all of it first", "413 within a second")
def large_body():
    with server("--database", "none") as target:
        start = time.time()
        request = urllib.request.Request(
            f"http://127.0.0.1:{target.port}/v1/answer", b"a" * 5_000_000, {"content-type": "application/json"})
        try:
            status = urllib.request.urlopen(request, timeout=15).status
        except urllib.error.HTTPError as error:
            status = error.code
        except OSError as error:
            status = str(error)
        return status == 413 and time.time() - start < 1, f"{status} after {time.time() - start:.2f} s"


@attack("Connection: Close in other spellings, and HTTP/1.0", "closed after the response")
def closing():
    with server("--database", "none") as target:
        seen = []
        for head in ("HTTP/1.1\r\nhost: localhost\r\nConnection: Close",
            "HTTP/1.1\r\nhost: localhost\r\nconnection: keep-alive, CLOSE", "HTTP/1.0"):
            start = time.time()
            target.raw(f"GET /health {head}\r\n\r\n".encode(), timeout=5)
            seen.append(time.time() - start)
        return max(seen) < 2, ", ".join(f"{seconds:.2f} s" for seconds in seen)


@attack("a client that sends its headers one byte at a time", "408 after 10 s")
def slow_headers():
    with server("--database", "none") as target, socket.create_connection(("127.0.0.1", target.port),
        timeout=20) as client:
        start, seen = time.time(), b""
        client.settimeout(0.5)
        for byte in b"GET /health HTTP/1.1\r\nx: " + b"a" * 100:
            with contextlib.suppress(OSError):
                client.sendall(bytes([byte]))
            with contextlib.suppress(TimeoutError):
                seen = client.recv(100)
                break
        return seen.startswith(b"HTTP/1.1 408") and time.time() - start < 13, (
            f"{seen[:12]!r} after {time.time() - start:.1f} s")


@attack("a host that does not resolve", "code 74 and a sentence")
def unknown_host():
    ended = subprocess.run(
        [BERTQA, "serve", "--model", MODEL, "--port", "0", "--database", "none", "--host", "no such host"],
        capture_output=True, text=True,
        timeout=60, check=False)
    return ended.returncode == 74 and "cannot listen" in ended.stderr, (
        f"code {ended.returncode}: {ended.stderr.splitlines()[-1][:100]}")


@attack("SIGTERM while requests outlast the time to stop", "200 and 503 only, code 0")
def termination():
    target = Server("--database", "none", "--drain-seconds", "2")
    body = {"question": "who?", "context": "Ada wrote a program. " * 50_000}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(target.ask, "POST", "/v1/answer", body, 90) for _ in range(8)]
        time.sleep(1.5)
        code = target.stop()
        statuses = sorted({job.result()[0] for job in asked})
    return code == 0 and set(statuses) <= {200, 503} and 503 in statuses, f"{statuses}, code {code}"


if __name__ == "__main__":
    run()
