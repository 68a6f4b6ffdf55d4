"""Trains under Slurm: a controller and two nodes of its own on this machine, in a temporary folder, on ports that are
free.

Shows that two tasks of srun on two nodes come to what one process comes to; that a task which is killed ends the others
with an error that names it; that the run goes on afterwards with four tasks instead of two; that `scancel
--signal=TERM` ends it with a checkpoint; and that deploy/train.sbatch puts itself in the queue again then, goes on, and
ends with the same model, byte for byte. Needs root on Linux, slurmctld, slurmd and munged: sudo python3
Tools/processes/slurm.py [--model MODEL --train-file FILE]
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

import proof
from proof import alone, check, distance, newest_checkpoint, same, sh, train, wait_for_checkpoint

CONFIGURATION = """
ClusterName=proof
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
SlurmctldPort={ports[0]}
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2 RealMemory=4000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 RealMemory=4000
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
"""


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Cluster:
    """munged, slurmctld and two slurmd, in the foreground so that they end with this."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.daemons = []
        *ports, master_port = free_ports(4)
        (self.folder / "slurm.conf").write_text(
            CONFIGURATION.format(folder=folder, host=socket.gethostname().split(".")[0], ports=ports))
        for name in ("state", "n1", "n2"):
            (self.folder / name).mkdir()
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        # The nodes' names are Slurm's alone: both are this machine.
        self.environment = {
            **os.environ, "SLURM_CONF": f"{folder}/slurm.conf", "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(master_port),
            "OMP_NUM_THREADS": "1"}

    def start(self):
        files = [f"--{name}={self.folder}/munge.{ending}" for name, ending in
                 (("socket", "socket"), ("key-file", "key"), ("pid-file", "pid"), ("log-file", "log"),
                     ("seed-file", "seed"))]
        self.run("munged", "--foreground", "--force", *files)
        self.wait("munged", lambda: (self.folder / "munge.socket").exists())
        self.run("slurmctld", "-D")
        for node in ("n1", "n2"):
            self.run("slurmd", "-D", "-N", node)
        self.wait("the nodes", lambda: self.sh("sinfo", "-h", "-t", "idle", "-o", "%D", check=False).stdout.strip(
            ) == "2")

    def run(self, *command):
        with open(self.folder / f"{command[0]}.out", "a") as log:
            self.daemons.append(subprocess.Popen(command, env=self.environment, stdout=log, stderr=log))

    def wait(self, what, condition, seconds=60):
        for _ in range(10 * seconds):
            if condition():
                return
            ended = [one.args[0] for one in self.daemons if one.poll() is not None]
            check(not ended, f"{ended} ended: {[(self.folder / f'{name}.out').read_text()[-500:] for name in ended]}")
            time.sleep(0.1)
        check(False, f"{what} did not come in {seconds} s")

    def sh(self, *words, check=True):
        return sh(*words, check=check, env=self.environment)

    def stop(self):
        for daemon in reversed(self.daemons):
            daemon.terminate()
            daemon.wait()


class Step:
    """`srun` of one training on both nodes."""

    def __init__(self, options, cluster, tasks, output, *more):
        self.errors = open(f"{output}.{tasks}.err", "w+")
        self.process = subprocess.Popen(
            ["srun", "--nodes=2", f"--ntasks={tasks}", f"--ntasks-per-node={tasks // 2}", "--label",
             *train(options, output), "--process-timeout", "20", *more],
            env=cluster.environment, stdout=subprocess.PIPE, stderr=self.errors, text=True)

    def said(self):
        self.errors.seek(0)
        return self.errors.read()

    def finish(self):
        output = self.process.communicate()[0]
        return self.process.returncode, output


def process_of(rank):
    """The process whose environment says that it has a rank in a step of Slurm."""
    for entry in pathlib.Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            variables = (entry / "environ").read_bytes().split(b"\0")
        except (OSError, ValueError):
            continue
        if words[0].endswith(b"bertqa") and f"SLURM_PROCID={rank}".encode() in variables:
            return int(entry.name)
    raise SystemExit(f"slurm.py: no process with rank {rank}")


def equal_run(options, cluster, scratch):
    alone(options, f"{scratch}/alone", 2)
    code, output = Step(options, cluster, 2, f"{scratch}/two", "--batch-size", "2").finish()
    check(code == 0, f"srun ended with {code}")
    far = distance(f"{scratch}/alone", f"{scratch}/two")
    check(far < 1e-4, f"weights differ by {far}")
    result = json.loads(output.removeprefix("0: "))
    print(f"srun, 2 nodes with a task each: weights within {far:.1e} of one process; "
        f"{result['examples_per_second']:.1f} examples/s")


def killed_task(options, cluster, scratch):
    step = Step(options, cluster, 2, f"{scratch}/killed", "--batch-size", "2", "--max-steps", "100000")
    saved = wait_for_checkpoint(f"{scratch}/killed", step.process)
    os.kill(process_of(1), signal.SIGKILL)
    code, _ = step.finish()
    check(code != 0 and "the process with rank 1" in step.said(), f"a killed task: {code} {step.said()[-800:]}")
    named = next(line for line in step.said().splitlines() if "the process with rank 1" in line)
    print(f"a task killed: srun ended with {code}: {named}")
    return saved


def resumed(options, cluster, scratch, saved):
    step = Step(options, cluster, 4, f"{scratch}/killed", "--batch-size", "2", "--max-steps", "100000", "--resume")
    wait_for_checkpoint(f"{scratch}/killed", step.process, beyond=saved + 10)
    jobs = cluster.sh("squeue", "-h", "-o", "%i").stdout.split()
    check(len(jobs) == 1, f"jobs: {jobs} {step.said()[-1500:]}")
    cluster.sh("scancel", "--signal=TERM", jobs[0])
    code, _ = step.finish()
    check("going on after step" in step.said(), f"resuming: {code} {step.said()[-800:]}")
    check(code == 75, f"scancel --signal=TERM: {code} {step.said()[-800:]}")
    print("resumed with 4 tasks, and ended by scancel --signal=TERM with a checkpoint (code 75)")


def batch(options, cluster, scratch):
    output, log = f"{scratch}/batch", pathlib.Path(f"{scratch}/batch.log")
    program, *arguments = train(options, output)
    job = cluster.sh(
        "sbatch", "--parsable", f"--output={log}", f"--export=ALL,BERTQA={os.path.abspath(program)}",
        "deploy/train.sbatch",
        *arguments[1:], "--batch-size", "2").stdout.strip()

    def state():
        return cluster.sh("squeue", "-h", "-j", job, "-o", "%T", check=False).stdout.strip()

    cluster.wait("a checkpoint", lambda: newest_checkpoint(output) or not state())
    cluster.sh("scancel", "--signal=TERM", job)
    cluster.wait("the job in the queue", lambda: state() == "PENDING")
    # Slurm lets a job wait two minutes before it starts it again.
    cluster.sh("scontrol", "update", f"JobId={job}", "StartTime=now")
    cluster.wait("the job's end", lambda: not state() or state() in ("COMPLETED", "FAILED"), seconds=300)
    text = log.read_text()
    check("going on after step" in text, f"the batch job did not go on: {text[-1500:]}")
    check(same(f"{scratch}/two", output), "the batch job that was queued again came to other weights")
    going = next(line for line in text.splitlines() if "going on after step" in line)
    print(f"deploy/train.sbatch, told to stop, queued itself again: {going.strip()}; "
        f"ended with the same model, byte for byte")


def main():
    options = proof.options(__doc__).parse_args()
    proof.needs_root("srun", "slurmctld", "slurmd", "munged", package="slurm-wlm, munge")
    with tempfile.TemporaryDirectory() as scratch:
        cluster = Cluster(scratch)
        try:
            cluster.start()
            equal_run(options, cluster, scratch)
            resumed(options, cluster, scratch, killed_task(options, cluster, scratch))
            batch(options, cluster, scratch)
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
