"""What the measurements share: calling programs, and describing the machine."""

import datetime
import json
import os
import platform
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILT = ROOT / ".build/release"
PYTHON = str(ROOT / ".venv-bench/bin/python")
ENCODER = str(ROOT / ".deps/encoder")


# Engines by the names that peer.py knows them by.
TITLES = {
    "pytorch": "PyTorch", "compiled": "torch.compile", "zentorch": "zentorch", "onnx": "ONNX Runtime",
    "openvino": "OpenVINO"}


def python_of(engine):
    """The Python of an engine's own environment, or of the one that most engines share."""
    own = ROOT / f".venv-bench-{engine}"
    return str(own / "bin/python") if engine in ("openvino", "zentorch") else PYTHON


class Failure(SystemExit):
    """A program that ended with an error; its text is the message."""


def call(command, **settings):
    """The JSON object in the last line that a command prints, with its seconds and its peak memory in bytes."""
    start = time.perf_counter()
    # A file, since a training of hours writes more progress than a pipe holds.
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, **settings)
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        log.seek(0)
        errors = log.read()
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode != 0:
        raise Failure(f"{' '.join(command)} failed:\n{errors.decode()[-2000:]}")
    lines = output.decode().strip().splitlines()
    result = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    return {**result, "process_seconds": seconds, "process_memory": usage.ru_maxrss * 1024}


def bertqa(*arguments):
    return call([str(BUILT / "bertqa"), *map(str, arguments)])


def bench(*arguments):
    return call([str(BUILT / "bertqa-bench"), *map(str, arguments)])


def processor():
    if os.path.exists("/proc/cpuinfo"):
        for line in open("/proc/cpuinfo"):
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.machine()


def describe():
    """Date, machine and versions, for the pages that figures go to."""
    packages = subprocess.run(
        [PYTHON, "-c", "import torch, transformers, onnxruntime as runtime\n"
            "print(torch.__version__, transformers.__version__, runtime.__version__)"],
        capture_output=True, text=True, check=True).stdout.split()
    return (
        f"{datetime.date.today()}, {processor()}, {os.cpu_count()} cores; peers: PyTorch {packages[0]}, "
        f"transformers {packages[1]}, ONNX Runtime {packages[2]}.")


def write(page, mark, text):
    """Replaces what stands between two marks of a page."""
    begin, end = f"<!-- {mark} begins -->", f"<!-- {mark} ends -->"
    path = ROOT / page
    before, rest = path.read_text(encoding="utf-8").split(begin)
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{rest.split(end)[1]}", encoding="utf-8")


def random_model(folder, layers, hidden, heads, kind="BERT", python=PYTHON):
    """A BERT or RoBERTa of any size with random weights and the encoder's vocabulary: as fast as a trained one."""
    script = f"""
import pathlib, sys, torch, transformers
sys.path.insert(0, {str(ROOT / "Tools")!r})
from pour_encoder import write_tokenizer
torch.manual_seed(42)
shape = dict(num_hidden_layers={layers}, hidden_size={hidden}, num_attention_heads={heads},
             intermediate_size={4 * hidden})
if {kind!r} == "RoBERTa":
    config = transformers.RobertaConfig(
        **shape, vocab_size=50265, max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5)
    transformers.RobertaForQuestionAnswering(config).save_pretrained({str(folder)!r})
    write_tokenizer("roberta", {ENCODER!r}, pathlib.Path({str(folder)!r}))
else:
    config = transformers.BertConfig(**shape, vocab_size=30522)
    transformers.BertForQuestionAnswering(config).save_pretrained({str(folder)!r})
    transformers.AutoTokenizer.from_pretrained({ENCODER!r}).save_pretrained({str(folder)!r})
"""
    subprocess.run([python, "-c", script], check=True, capture_output=True)
    return str(folder)
