"""Measures `bertqa serve` beside a FastAPI server with wrk on loopback; --write puts the table into
docs/lab/serving.md.

    Benchmarks/bench.sh serve/run.py --model MODEL --data dev.json            questions/s, p50 and p99 by connections
    Benchmarks/bench.sh serve/run.py --model MODEL --data dev.json overload   ten times the connections it answers
    Benchmarks/bench.sh serve/run.py --model MODEL --data dev.json soak       memory under load, every half minute
    Benchmarks/bench.sh serve/run.py --model MODEL --data dev.json open       highest Poisson rate with p99 < 250 ms

Nothing else should be running. Needs wrk.
"""

import argparse
import contextlib
import datetime
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from open_loop import highest_rate

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs/lab/serving.md"
MARKS = ("<!-- bench begins -->", "<!-- bench ends -->")


def bodies(data, path):
    """Every question of a SQuAD file with its text, a request a line."""
    with open(path, "w", encoding="utf-8") as file:
        for article in json.load(open(data, encoding="utf-8"))["data"]:
            for paragraph in article["paragraphs"]:
                for question in paragraph["qas"]:
                    inputs = {"question": question["question"], "context": paragraph["context"]}
                    file.write(json.dumps({"inputs": inputs}) + "\n")


@contextlib.contextmanager
def server(command, port, path):
    """A server that runs and answers."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                if urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).status == 200:
                    break
            if process.poll() is not None:
                raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def ours(options, precision):
    command = [
        os.environ.get("BERTQA", str(ROOT / ".build/release/bertqa")), "serve", "--model", options.model, "--port",
        "18091", "--database", "none",
        "--precision", precision, "--log-level", "error"]
    return server(command, 18091, "/ready")


def peer(options, precision):
    command = [
        str(ROOT / ".venv-bench/bin/python"), str(HERE / "fastapi_peer.py"), "--model", options.model, "--port",
        "18092",
        "--precision", precision]
    return server(command, 18092, "/health")


def wrk(port, connections, seconds, lines):
    threads = min(2, connections)
    command = [
        "wrk", "-t", str(threads), "-c", str(connections), "-d", f"{seconds}s", "--timeout", "60s", "-s",
        str(HERE / "questions.lua"), f"http://127.0.0.1:{port}", "--", lines]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def resident(process):
    with open(f"/proc/{process.pid}/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def warmed(port, lines):
    """Long enough for whatever is compiled at first use."""
    wrk(port, 8, 5, lines)
    wrk(port, 64, 5, lines)


def table(options, lines):
    """Each pair in turn, ours and the peer's, so that both see the same minutes."""
    contestants = [(ours, name, 18091, f"bertqa serve, {name}") for name in options.ours] + [
        (peer, name, 18092, f"FastAPI, {name}") for name in options.peers]
    found = {}
    for _ in range(options.rounds):
        for start, precision, port, label in contestants:
            with start(options, precision) as process:
                warmed(port, lines)
                for connections in options.connections:
                    # A closed loop of many connections must turn often enough to be counted.
                    result = wrk(port, connections, max(options.seconds, connections // 16), lines)
                    result["rate"] = result["statuses"].get("200", 0) / result["seconds"]
                    result["memory"] = resident(process)
                    found.setdefault((label, connections), []).append(result)
                    print(label, connections, json.dumps(result), flush=True)
    return [label for *_, label in contestants], found


def markdown(options, labels, found):
    rows = ["| connections | server | questions/s | p50 | p99 | memory | other than 200 |",
        "|---|---|---|---|---|---|---|"]
    for connections in options.connections:
        for label in labels:
            results = found[label, connections]
            median = {key: statistics.median(result[key] for result in results)
                for key in ("rate", "p50", "p99", "memory")}
            others = sum(sum(result["statuses"].values()) - result["statuses"].get("200", 0) + result["broken"]
                for result in results)
            rows.append(
                f"| {connections} | {label} | {median['rate']:.1f} | {median['p50'] * 1000:.0f} ms | "
                f"{median['p99'] * 1000:.0f} ms | "
                f"{median['memory'] / 1e6:.0f} MB | {others} |")
    day = datetime.date.today().isoformat()
    machine = f"{os.cpu_count()} cores ({platform.machine()})"
    return f"Measured on {day}, {machine}, medians of {options.rounds} rounds.\n\n" + "\n".join(rows)


def write(text):
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(MARKS[0])
    PAGE.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{rest.split(MARKS[1])[1]}", encoding="utf-8")


def overload(options, lines):
    """Ten times as many connections as are answered at one time."""
    with ours(options, options.ours[0]) as process:
        warmed(18091, lines)
        result = wrk(18091, 5120, options.seconds, lines)
        print(json.dumps({**result, "memory": resident(process)}))


def soak(options, lines):
    """Memory under load, after the first minute and then every half minute."""
    with ours(options, options.ours[0]) as process:
        warmed(18091, lines)
        end = time.time() + options.minutes * 60
        while time.time() < end:
            result = wrk(18091, 32, 30, lines)
            print(json.dumps({"memory_mb": round(resident(process) / 1e6), **result}), flush=True)


def open_loop(options, lines):
    """Each contestant's highest rate, in turn, so that they see the same minutes."""
    contestants = [(ours, name, 18091, f"bertqa serve, {name}") for name in options.ours] + [
        (peer, name, 18092, f"FastAPI, {name}") for name in options.peers]
    for start, precision, port, label in contestants:
        with start(options, precision):
            warmed(port, lines)
            print(json.dumps({"server": label,
                "requests_per_second": round(highest_rate(port, lines, seconds=options.seconds), 1)}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", nargs="?", default="table", choices=["table", "overload", "soak", "open"])
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--ours", nargs="*", default=["bf16"])
    parser.add_argument("--peers", nargs="*", default=["bf16", "onnx-fp32"])
    parser.add_argument("--connections", type=int, nargs="*", default=[1, 8, 64, 512])
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("run.py: wrk is missing; install it (Debian's package wrk)")
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, 65536), files))
    with tempfile.TemporaryDirectory() as scratch:
        lines = scratch + "/bodies"
        bodies(options.data, lines)
        if options.job != "table":
            {"overload": overload, "soak": soak, "open": open_loop}[options.job](options, lines)
            return
        text = markdown(options, *table(options, lines))
        print(text)
        if options.write:
            write(text)


if __name__ == "__main__":
    main()
