"""Trains by processes on several hosts: network namespaces of this machine, each with an address of its own, joined by a bridge.

Shows that two and three hosts come to what one process comes to; what a slow link costs; that a broken link ends the run within the
timeout with an error that names the process behind it; and that the run goes on afterwards, with fewer hosts too. Needs root on Linux
and iproute2 (`ip`, `tc`): sudo python3 Tools/hosts.py --bertqa .build/release/bertqa --model MODEL --train-file FILE
"""

import argparse
import json
import os
import signal
import struct
import subprocess
import tempfile
import time

HUB, NET = "bqhub", "10.77.0"
TIMEOUT = 8


def sh(*words, check=True):
    return subprocess.run(words, check=check, capture_output=True, text=True)


class Hosts:
    """Namespaces bq0, bq1, ... whose interface `eth` is plugged into a bridge in a namespace of its own."""

    def __init__(self, count):
        self.names = [f"bq{i}" for i in range(count)]
        self.remove()
        sh("ip", "netns", "add", HUB)
        sh("ip", "-n", HUB, "link", "add", "bridge", "type", "bridge")
        sh("ip", "-n", HUB, "link", "set", "bridge", "up")
        for number, name in enumerate(self.names):
            sh("ip", "netns", "add", name)
            sh("ip", "-n", name, "link", "set", "lo", "up")
            sh("ip", "link", "add", "eth", "netns", name, "type", "veth", "peer", "name", name, "netns", HUB)
            sh("ip", "-n", HUB, "link", "set", name, "master", "bridge", "up")
            sh("ip", "-n", name, "address", "add", f"{NET}.{number + 1}/24", "dev", "eth")
            sh("ip", "-n", name, "link", "set", "eth", "up")

    def remove(self):
        for name in [*self.names, HUB]:
            sh("ip", "netns", "delete", name, check=False)

    def slow(self, number, megabits):
        sh("tc", "-n", self.names[number], "qdisc", "replace", "dev", "eth", "root", "tbf", "rate", f"{megabits}mbit", "burst", "256kb", "latency", "200ms")

    def link(self, number, state):
        sh("ip", "-n", HUB, "link", "set", self.names[number], state)


class Run:
    """One process on each host."""

    def __init__(self, options, hosts, count, output, *more):
        self.errors = [open(f"{output}.{rank}.err", "w+") for rank in range(count)]
        self.processes = []
        for rank in range(count):
            environment = {
                **os.environ, "RANK": str(rank), "WORLD_SIZE": str(count), "LOCAL_RANK": "0", "MASTER_ADDR": f"{NET}.1",
                "MASTER_PORT": "29500", "OMP_NUM_THREADS": "1"}
            command = ["ip", "netns", "exec", hosts.names[rank], *train(options, output), "--process-timeout", str(TIMEOUT), *more]
            self.processes.append(subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=self.errors[rank], text=True))

    def said(self, rank):
        self.errors[rank].seek(0)
        return self.errors[rank].read()

    def wait_for(self, words, rank=0):
        for _ in range(600):
            if words in self.said(rank) or self.processes[rank].poll() is not None:
                return
            time.sleep(0.1)

    def finish(self):
        """Exit codes, and what rank 0 printed."""
        output = self.processes[0].communicate()[0]
        codes = [process.wait() for process in self.processes]
        for process in self.processes[1:]:
            process.stdout.close()
        return codes, output


def train(options, output):
    return [
        options.bertqa, "train", "--model", options.model, "--train-file", options.train_file, "--output-dir", output, "--max-steps",
        str(options.steps), "--validation-fraction", "0", "--precision", "fp32", "--json", "--save-steps", "2"]


def alone(options, output, accumulation):
    subprocess.run(
        [*train(options, output), "--batch-size", "2", "--gradient-accumulation-steps", str(accumulation), "--threads", "2"],
        check=True, capture_output=True)


def weights(output):
    """The float32 numbers of a model.safetensors."""
    with open(f"{output}/model.safetensors", "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    return {name: memoryview(data[slice(*entry["data_offsets"])]).cast("f") for name, entry in header.items()}


def distance(one, other):
    left, right = weights(one), weights(other)
    return max(abs(a - b) for name in left for a, b in zip(left[name][:20000], right[name][:20000]))


def check(condition, what):
    if not condition:
        raise SystemExit(f"hosts: {what}")


def equal_runs(options, hosts, scratch):
    for count in (2, 3):
        alone(options, f"{scratch}/alone{count}", count)
        codes, output = Run(options, hosts, count, f"{scratch}/hosts{count}", "--batch-size", "2").finish()
        check(codes == [0] * count, f"{count} hosts ended with {codes}")
        far = distance(f"{scratch}/alone{count}", f"{scratch}/hosts{count}")
        check(far < 1e-4, f"{count} hosts: weights differ by {far}")
        result = json.loads(output)
        print(f"{count} hosts: weights within {far:.1e} of one process; waited {100 * result['waiting_share']:.0f} % of the time")


def slow_link(options, hosts, scratch):
    hosts.slow(1, options.megabits)
    codes, output = Run(options, hosts, 2, f"{scratch}/slow", "--batch-size", "2", "--process-timeout", "120").finish()
    check(codes == [0, 0], f"the slow link: {codes}")
    check(distance(f"{scratch}/hosts2", f"{scratch}/slow") == 0, "a slow link changed the weights")
    result = json.loads(output)
    print(f"a link of {options.megabits} Mbit/s: the same weights, {result['examples_per_second']:.2f} examples/s, waited {100 * result['waiting_share']:.0f} % of the time")
    sh("tc", "-n", hosts.names[1], "qdisc", "delete", "dev", "eth", "root")


def broken_link(options, hosts, scratch):
    run = Run(options, hosts, 2, f"{scratch}/broken", "--batch-size", "2", "--max-steps", "100000")
    run.wait_for("step 5/")
    hosts.link(1, "down")
    start = time.monotonic()
    codes, _ = run.finish()
    seconds = time.monotonic() - start
    check(codes == [70, 70], f"the broken link: {codes}")
    check("the process with rank 1" in run.said(0), f"the error does not name rank 1: {run.said(0)[-500:]}")
    print(f"a broken link: all ended after {seconds:.0f} s (timeout {TIMEOUT} s): {run.said(0).strip().splitlines()[-1]}")
    hosts.link(1, "up")
    resumed = Run(options, hosts, 2, f"{scratch}/broken", "--batch-size", "2", "--max-steps", "100000", "--resume")
    resumed.wait_for("left")
    for process in resumed.processes:
        process.send_signal(signal.SIGTERM)
    codes, _ = resumed.finish()
    check(codes == [75, 75] and "going on after step" in resumed.said(0), f"resuming: {codes} {resumed.said(0)[-500:]}")
    print("resumed on both hosts once the link was back, and stopped by SIGTERM with a checkpoint")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bertqa", default=".build/release/bertqa")
    options.add_argument("--model", default=".deps/encoder")
    options.add_argument("--train-file", default="Data/sample/train.json")
    options.add_argument("--steps", type=int, default=8)
    options.add_argument("--megabits", type=int, default=400)
    options = options.parse_args()
    if os.geteuid() != 0 or sh("ip", "netns", check=False).returncode != 0:
        raise SystemExit("hosts: network namespaces need root and iproute2 (Debian: iproute2)")
    hosts = Hosts(3)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            equal_runs(options, hosts, scratch)
            slow_link(options, hosts, scratch)
            broken_link(options, hosts, scratch)
    finally:
        hosts.remove()


if __name__ == "__main__":
    main()
