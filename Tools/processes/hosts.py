"""Trains by processes on several hosts: network namespaces of this machine, each with an address of its own, joined by
a bridge.

Shows that two and three hosts come to what one process comes to, also with the variables of Kubernetes' PyTorchJob;
what a slow link costs; that a broken link ends the run within the timeout with an error that names the process behind
it; and that the run goes on afterwards. Needs root on Linux and iproute2 (`ip`, `tc`): sudo python3
Tools/processes/hosts.py [--model MODEL --train-file FILE]
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

import proof
from proof import alone, check, distance, same, sh, train, wait_for_checkpoint

# Of two processes Gloo lets the one with the greater address connect to the other: where rank 0 gave the loopback,
# hosts of 10.0.0.0/8 would not notice.
HUB, NET = "bqhub", "192.168.77"
PER_NAMESPACE = "/etc/netns"
JOB = "squad-master-0"
TIMEOUT = 8


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
            shutil.rmtree(f"{PER_NAMESPACE}/{name}", ignore_errors=True)

    def call(self, number, name):
        """Lets all hosts know one by a name, as Kubernetes' services do: `ip netns exec` puts the file in the place of
        /etc/hosts."""
        for host in self.names:
            os.makedirs(f"{PER_NAMESPACE}/{host}", exist_ok=True)
            with open(f"{PER_NAMESPACE}/{host}/hosts", "w") as file:
                file.write(f"127.0.0.1 localhost\n{NET}.{number + 1} {name}\n")

    def slow(self, number, megabits):
        sh("tc", "-n", self.names[number], "qdisc", "replace", "dev", "eth", "root", "tbf", "rate", f"{megabits}mbit",
            "burst", "256kb", "latency", "200ms")

    def link(self, number, state):
        sh("ip", "-n", HUB, "link", "set", self.names[number], state)


def plain(rank, count):
    return {"RANK": str(rank), "WORLD_SIZE": str(count), "LOCAL_RANK": "0", "MASTER_ADDR": f"{NET}.1",
        "MASTER_PORT": "29500"}


def pytorch_job(rank, count, master_knows=JOB):
    """What the Training Operator gives the container of a PyTorchJob with a master and workers.

    Source: https://github.com/kubeflow/trainer/blob/release-1.9/pkg/controller.v1/pytorch/envvar.go
    """
    master = master_knows if rank == 0 else JOB
    return {
        "PYTHONUNBUFFERED": "1", "MASTER_PORT": "23456", "PET_MASTER_PORT": "23456", "MASTER_ADDR": master,
        "PET_MASTER_ADDR": master,
        "WORLD_SIZE": str(count), "RANK": str(rank), "PET_NODE_RANK": str(rank), "PET_NNODES": str(count)}


def older_pytorch_job(rank, count):
    """The same up to the operator's version 1.3, which tells the master that it is "localhost"."""
    return pytorch_job(rank, count, "localhost")


class Run:
    """One process on each host."""

    def __init__(self, options, hosts, count, output, *more, variables=None):
        self.errors = [open(f"{output}.{rank}.err", "w+") for rank in range(count)]
        self.processes = []
        for rank in range(count):
            environment = {**os.environ, "OMP_NUM_THREADS": "1", **(variables or plain)(rank, count)}
            command = ["ip", "netns", "exec", hosts.names[rank], *train(options, output), "--process-timeout",
                str(TIMEOUT), *more]
            self.processes.append(subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=self.errors[rank], text=True))

    def said(self, rank):
        self.errors[rank].seek(0)
        return self.errors[rank].read()

    def finish(self):
        """Exit codes, and what rank 0 printed."""
        output = self.processes[0].communicate()[0]
        codes = [process.wait() for process in self.processes]
        for process in self.processes[1:]:
            process.stdout.close()
        return codes, output


def equal_runs(options, hosts, scratch):
    for count in (2, 3):
        alone(options, f"{scratch}/alone{count}", count)
        codes, output = Run(options, hosts, count, f"{scratch}/hosts{count}", "--batch-size", "2").finish()
        check(codes == [0] * count, f"{count} hosts ended with {codes}")
        far = distance(f"{scratch}/alone{count}", f"{scratch}/hosts{count}")
        check(far < 1e-4, f"{count} hosts: weights differ by {far}")
        result = json.loads(output)
        print(f"{count} hosts: weights within {far:.1e} of one process; "
            f"waited {100 * result['waiting_share']:.0f} % of the time")


def jobs(options, hosts, scratch):
    hosts.call(0, JOB)
    for variables in (pytorch_job, older_pytorch_job):
        output = f"{scratch}/{variables.__name__}"
        run = Run(options, hosts, 3, output, "--batch-size", "2", variables=variables)
        codes, _ = run.finish()
        check(codes == [0] * 3, f"{variables.__name__}: {codes} {run.said(0)[-500:]}")
        check(same(f"{scratch}/hosts3", output), f"{variables.__name__} changed the weights")
        print(f"3 hosts with the variables of {variables.__name__}: the same weights")


def slow_link(options, hosts, scratch):
    hosts.slow(1, options.megabits)
    codes, output = Run(options, hosts, 2, f"{scratch}/slow", "--batch-size", "2", "--process-timeout", "120").finish()
    check(codes == [0, 0], f"the slow link: {codes}")
    check(same(f"{scratch}/hosts2", f"{scratch}/slow"), "a slow link changed the weights")
    result = json.loads(output)
    print(f"a link of {options.megabits} Mbit/s: the same weights, {result['examples_per_second']:.2f} examples/s, "
        f"waited {100 * result['waiting_share']:.0f} % of the time")
    sh("tc", "-n", hosts.names[1], "qdisc", "delete", "dev", "eth", "root")


def broken_link(options, hosts, scratch):
    run = Run(options, hosts, 2, f"{scratch}/broken", "--batch-size", "2", "--max-steps", "100000")
    saved = wait_for_checkpoint(f"{scratch}/broken", run.processes[0])
    hosts.link(1, "down")
    start = time.monotonic()
    codes, _ = run.finish()
    seconds = time.monotonic() - start
    check(codes == [70, 70], f"the broken link: {codes}")
    check("the process with rank 1" in run.said(0), f"the error does not name rank 1: {run.said(0)[-500:]}")
    print(f"a broken link: all ended after {seconds:.0f} s (timeout {TIMEOUT} s): "
        f"{run.said(0).strip().splitlines()[-1]}")
    hosts.link(1, "up")
    resumed = Run(options, hosts, 2, f"{scratch}/broken", "--batch-size", "2", "--max-steps", "100000", "--resume")
    wait_for_checkpoint(f"{scratch}/broken", resumed.processes[0], beyond=saved + 10)
    for process in resumed.processes:
        process.send_signal(signal.SIGTERM)
    codes, _ = resumed.finish()
    check(codes == [75, 75] and "going on after step" in resumed.said(0), f"resuming: {codes} {resumed.said(0)[-500:]}")
    print("resumed on both hosts once the link was back, and stopped by SIGTERM with a checkpoint")


def main():
    options = proof.options(__doc__)
    options.add_argument("--megabits", type=int, default=400)
    options = options.parse_args()
    proof.needs_root("ip", "tc", package="iproute2")
    hosts = Hosts(3)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            equal_runs(options, hosts, scratch)
            jobs(options, hosts, scratch)
            slow_link(options, hosts, scratch)
            broken_link(options, hosts, scratch)
    finally:
        hosts.remove()


if __name__ == "__main__":
    main()
