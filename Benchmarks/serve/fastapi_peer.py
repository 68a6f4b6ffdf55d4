"""The peer: the same model behind FastAPI, on PyTorch (transformers) or ONNX Runtime, as one would write it with care.

Requests that wait are padded into one batch, tokenised by the Rust library beside the model's thread, long texts in
windows. It answers `POST /` in the form of Hugging Face's inference API, as `bertqa serve` does.
"""

import argparse
import asyncio
import queue
import sys
import tempfile
import threading
from pathlib import Path

import numpy
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from transformers import AutoTokenizer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import peer as measured  # noqa: E402


class Inputs(BaseModel):
    question: str
    context: str


class Asked(BaseModel):
    inputs: Inputs


class Worker(threading.Thread):
    """Takes what waits, at most so many rows, and reads it in one pass."""

    def __init__(self, run, rows):
        super().__init__(daemon=True)
        self.run_model, self.rows, self.waiting = run, rows, queue.Queue()

    def run(self):
        while True:
            jobs = [self.waiting.get()]
            count = len(jobs[0][0])
            while count < self.rows:
                try:
                    jobs.append(self.waiting.get_nowait())
                except queue.Empty:
                    break
                count += len(jobs[-1][0])
            rows = [row for job in jobs for row in job[0]]
            logits = self.run_model(*measured.padded(rows))
            starts, ends = (numpy.asarray(side.float() if hasattr(side, "float") else side) for side in logits[:2])
            place = 0
            for windows, loop, future in jobs:
                logits = [(starts[place + k][: len(row[0])], ends[place + k][: len(row[0])]) for k,
                    row in enumerate(windows)]
                place += len(windows)
                loop.call_soon_threadsafe(future.set_result, logits)


def best_span(starts, ends, inside, most=15):
    """The best pair of start and end inside the text."""
    sums = numpy.where(inside, starts, -1e9)[:, None] + numpy.where(inside, ends, -1e9)[None, :]
    sums = numpy.where(numpy.tri(len(starts), k=-1, dtype=bool) | ~numpy.tri(len(starts), k=most - 1, dtype=bool), -1e9,
        sums)
    place = int(sums.argmax())
    return place // len(starts), place % len(starts), float(sums.flat[place])


def application(options):
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    options.scratch = tempfile.mkdtemp(prefix="bertqa-peer-")
    worker = Worker(measured.engine(options, []), options.rows)
    worker.start()
    app = FastAPI()

    def encode(question, context):
        return tokenizer(
            question, context, truncation="only_second", max_length=384, stride=128, return_overflowing_tokens=True,
            return_offsets_mapping=True)

    @app.get("/health")
    async def health():
        return {"status": "ok"}

    @app.post("/")
    async def answer(asked: Asked):
        context = asked.inputs.context
        rows = encode(asked.inputs.question.strip(), context)
        windows = list(zip(rows["input_ids"], rows["token_type_ids"]))
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        worker.waiting.put((windows, loop, future))
        found, masses = None, [0.0, 0.0]
        for index, (starts, ends) in enumerate(await future):
            inside = numpy.array([kind == 1 for kind in rows.sequence_ids(index)])
            first, last, logit = best_span(starts, ends, inside)
            masses = [mass + float(numpy.exp(side[inside]).sum()) for mass, side in zip(masses, (starts, ends))]
            if found is None or logit > found[0]:
                offsets = rows["offset_mapping"][index]
                found = (logit, offsets[first][0], offsets[last][1])
        score = float(numpy.exp(found[0]) / (masses[0] * masses[1]))
        return {"score": score, "start": found[1], "end": found[2], "answer": context[found[1]:found[2]]}

    return app


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--precision", default="bf16", choices=["fp32", "bf16", "onnx-fp32", "onnx-int8"])
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--rows", type=int, default=32, help="rows of one batch")
    options = parser.parse_args()
    uvicorn.run(application(options), host="127.0.0.1", port=options.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
