"""Trains under PyTorch's torchrun.

Shows that two processes come to what one comes to, started by one torchrun or by two that meet as two machines' would;
and that with --max-restarts a run whose process is killed goes on by itself and ends with the same model, byte for
byte. Needs Linux and torchrun (pip install torch): python3 Tools/processes/torchrun.py --torchrun PATH [--model MODEL
--train-file FILE]
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile

import proof
from proof import alone, check, distance, same, train, wait_for_checkpoint


def start(options, output, *more, launcher=()):
    errors = open(f"{output}.err", "a+")
    command = [options.torchrun, *launcher, "--no-python", *train(options, output), "--batch-size", "2", *more]
    process = subprocess.Popen(
        command, env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL, stderr=errors, text=True)
    return process, errors


def said(errors):
    errors.seek(0)
    return errors.read()


def finish(process, errors):
    code = process.wait()
    check(code == 0, f"torchrun ended with {code}: {said(errors)[-1500:]}")


def children(process):
    """The processes that another started, by number."""
    task = pathlib.Path(f"/proc/{process}/task/{process}/children")
    return [int(word) for word in task.read_text().split()]


def rank(process):
    variables = pathlib.Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    return next((int(one.removeprefix(b"RANK=")) for one in variables if one.startswith(b"RANK=")), None)


def one_machine(options, scratch):
    alone(options, f"{scratch}/alone", 2)
    finish(*start(options, f"{scratch}/two", launcher=("--standalone", "--nproc-per-node", "2")))
    far = distance(f"{scratch}/alone", f"{scratch}/two")
    check(far < 1e-4, f"weights differ by {far}")
    print(f"torchrun --standalone --nproc-per-node 2: weights within {far:.1e} of one process")


def two_machines(options, scratch):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    launcher = (
        "--nnodes", "2", "--nproc-per-node", "1", "--rdzv-backend", "c10d", "--rdzv-endpoint", f"127.0.0.1:{port}",
        "--rdzv-id", "proof", "--local-addr", "127.0.0.1")
    for one in [start(options, f"{scratch}/nodes", launcher=launcher) for _ in range(2)]:
        finish(*one)
    check(same(f"{scratch}/two", f"{scratch}/nodes"), "two torchruns came to other weights than one")
    print("two torchruns with --nnodes 2: the same model, byte for byte")


def restarted(options, scratch):
    output = f"{scratch}/restarted"
    launcher = ("--standalone", "--nproc-per-node", "2", "--max-restarts", "3")
    process, errors = start(options, output, "--resume", launcher=launcher)
    wait_for_checkpoint(output, process)
    check(process.poll() is None, f"torchrun ended: {said(errors)[-1500:]}")
    victim = next(child for child in children(process.pid) if rank(child) == 1)
    os.kill(victim, signal.SIGKILL)
    finish(process, errors)
    text = said(errors)
    check("going on after step" in text, f"the run did not go on from a checkpoint: {text[-1500:]}")
    check(same(f"{scratch}/two", output), "the run that was restarted came to other weights")
    going = next(line for line in text.splitlines() if "going on after step" in line)
    print(f"--max-restarts 3, rank 1 killed: {going.strip()}; ended with the same model, byte for byte")


def main():
    parser = proof.options(__doc__)
    parser.add_argument("--torchrun", default=shutil.which("torchrun") or ".venv-bench/bin/torchrun")
    options = parser.parse_args()
    check(shutil.which(options.torchrun), f"{options.torchrun} is not a program: pip install torch, or --torchrun PATH")
    with tempfile.TemporaryDirectory() as scratch:
        one_machine(options, scratch)
        two_machines(options, scratch)
        restarted(options, scratch)


if __name__ == "__main__":
    main()
