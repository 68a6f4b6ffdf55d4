"""One measurement of transformers on a device: prints one JSON object. cuda.py calls it.

`train` takes training steps over SQuAD rows and counts those after the warm-up; `tune` trains for epochs, scores by the
official metrics and saves the model; `peak` multiplies large bfloat16 matrices.
"""

import argparse
import itertools
import json
import random
import time

import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

from peer import features, padded, peak as process_peak


def synchronize(device):
    if device == "cuda":
        torch.cuda.synchronize()


def memory(device):
    """Bytes that the device has had reserved at most; of the process on the CPU."""
    return torch.cuda.max_memory_reserved() if device == "cuda" else process_peak()


def batches(rows, size, seed, sort):
    """Batches of an epoch; with `sort` rows of like length together, which is transformers' own advice against
    padding."""
    order = list(range(len(rows)))
    random.Random(seed).shuffle(order)
    if sort:
        pools = [sorted(order[i:i + 50 * size], key=lambda k: len(rows[k][0])) for i in range(0, len(order), 50 * size)]
        order = [k for pool in pools for k in pool]
    result = [order[i:i + size] for i in range(0, len(order) - size + 1, size)]
    random.Random(seed + 1).shuffle(result)
    return result


def width(rows, chosen, options):
    """Compiled graphs are kept for each width: few of them, in steps of 64."""
    longest = max(len(rows[k][0]) for k in chosen)
    return min(options.max_length, -(-longest // 64) * 64) if options.compile else longest


class Trainer:
    def __init__(self, options, steps):
        self.options = options
        self.model = AutoModelForQuestionAnswering.from_pretrained(
            options.model, dtype=torch.float32, attn_implementation=options.attention).to(options.device).train()
        self.call = torch.compile(self.model, dynamic=False) if options.compile else self.model
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4, weight_decay=0.0, fused=True)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer,
            lambda step: max(0.0, 1 - step / max(1, steps)))

    def step(self, rows, chosen):
        device = self.options.device
        some = [rows[k] for k in chosen]
        tensors = [torch.from_numpy(array).to(device, non_blocking=True)
            for array in padded(some, width(rows, chosen, self.options))]
        first, last = (torch.tensor([row[2][side] for row in some], device=device) for side in (0, 1))
        with torch.autocast(device, torch.bfloat16):
            output = self.call(
                input_ids=tensors[0], attention_mask=tensors[1], token_type_ids=tensors[2], start_positions=first,
                end_positions=last)
        output.loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.schedule.step()


def train(options):
    """Examples and real tokens a second. All widths are compiled before the clock starts."""
    rows = features(AutoTokenizer.from_pretrained(options.model), options.data, options.max_length)
    trainer = Trainer(options, options.steps)
    order = list(itertools.islice(itertools.cycle(batches(rows, options.batch_size, 42, sort=True)),
        options.warm_up + options.steps))
    if not order:
        raise SystemExit(f"{options.data} has fewer than {options.batch_size} rows")
    warm = {width(rows, chosen, options): chosen for chosen in order}
    for chosen in [*warm.values(), *order[:options.warm_up]]:
        trainer.step(rows, chosen)
    synchronize(options.device)
    start, done, tokens = time.perf_counter(), 0, 0
    for chosen in order[options.warm_up:]:
        trainer.step(rows, chosen)
        done, tokens = done + len(chosen), tokens + sum(len(rows[k][0]) for k in chosen)
    synchronize(options.device)
    seconds = time.perf_counter() - start
    return {"rate": done / seconds, "tokens_per_second": tokens / seconds, "memory": memory(options.device)}


def tune(options):
    """Trains for epochs as a user would, and saves the model for `bertqa evaluate` to score."""
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    rows = features(tokenizer, options.data, options.max_length)
    epochs = [batches(rows, options.batch_size, 42 + epoch, sort=True) for epoch in range(options.epochs)]
    order = [chosen for epoch in epochs for chosen in epoch][: options.steps or None]
    trainer = Trainer(options, len(order))
    start = time.perf_counter()
    for chosen in order:
        trainer.step(rows, chosen)
    synchronize(options.device)
    seconds = time.perf_counter() - start
    trainer.model.save_pretrained(options.output)
    tokenizer.save_pretrained(options.output)
    return {"seconds": seconds, "memory": memory(options.device)}


def peak(options):
    """The rate of bfloat16 products of large square matrices: what the device reaches, not what its data sheet says."""
    size = options.size
    a, b = (torch.randn(size, size, device=options.device, dtype=torch.bfloat16) for _ in range(2))
    times = []
    for _ in range(30):
        synchronize(options.device)
        start = time.perf_counter()
        a @ b
        synchronize(options.device)
        times.append(time.perf_counter() - start)
    name = torch.cuda.get_device_name() if options.device == "cuda" else "the CPU"
    return {"flops": 2 * size**3 / sorted(times)[len(times) // 2], "device": name, "torch": torch.__version__}


def main():
    jobs = {job.__name__: job for job in (train, tune, peak)}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=jobs)
    parser.add_argument("--model")
    parser.add_argument("--data")
    parser.add_argument("--output")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--attention", default="sdpa", choices=["eager", "sdpa", "flash_attention_2"])
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--max-length", type=int, default=384)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--warm-up", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--size", type=int, default=8192)
    options = parser.parse_args()
    torch.manual_seed(42)
    torch.backends.cuda.matmul.allow_tf32 = True
    print(json.dumps(jobs[options.job](options)))


if __name__ == "__main__":
    main()
