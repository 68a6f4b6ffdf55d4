#!/usr/bin/env python3
"""Writes the fixtures of Tests/BERTTests: what PyTorch and transformers compute for a tiny BERT.

Every number comes from the pinned libraries below, on the CPU in float32, from fixed seeds and one thread; a second run
writes the same bytes. Nothing is downloaded.

    pip install torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 numpy==2.4.6      (torch: the CPU build)
    python Tools/make_parity_fixtures.py [--output Tests/BERTTests/Fixtures]

Batches are written packed: the rows stand one after another without padding, `row_starts` [B+1] says where each begins.
Positions of answers count from the start of their row. The reference runs padded rows with an attention mask, then
takes the real tokens out; its loss gives padding a logit of -inf, because a program without padding has no such
position.
"""

import argparse
import collections
import json
import math
import shutil
from pathlib import Path

import numpy
import safetensors
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForPreTraining,
    BertForQuestionAnswering,
    BertModel,
    get_linear_schedule_with_warmup,
)

from make_checkpoint_fixtures import save_stream

PINNED = {"torch": "2.13.0", "transformers": "5.23.0", "safetensors": "0.8.0", "numpy": "2.4.6"}
VOCABULARY = 99
PADDING = 0  # never drawn: transformers gives the padding row of the word embeddings no gradient


def check_versions():
    for module in (torch, transformers, safetensors, numpy):
        found = module.__version__.split("+")[0]
        if found != PINNED[module.__name__]:
            raise SystemExit(f"{module.__name__} {PINNED[module.__name__]} is needed, {found} is installed")


def tiny_config():
    return BertConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
        type_vocab_size=2,
        hidden_act="gelu",
        layer_norm_eps=1e-12,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        attn_implementation="eager",
    )


def is_norm(name):
    return "LayerNorm." in name or "layer_norm." in name


def scramble(model, seed):
    """Random weights that make every parameter matter: biases are not zero, layer norms not one, logits not tiny."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if is_norm(name) and name.endswith("weight"):
                parameter.copy_(1 + 0.1 * noise)
            elif name.endswith("bias"):
                parameter.copy_(0.1 * noise)
            elif "embeddings" in name or "qa_outputs" in name:
                parameter.copy_(0.5 * noise)
            else:
                parameter.copy_(noise * 1.2 / math.sqrt(parameter.shape[-1]))
    return model


def draw_rows(lengths, seed, ids_from=range(1, VOCABULARY)):
    """Rows of ids as a question and a context would give them: types 0 then 1, the answer inside the second part."""
    random = numpy.random.RandomState(seed)
    rows = []
    for length in lengths:
        split = max(1, length // 3)
        start = random.randint(split, length)
        end = random.randint(start, length)
        ids = random.randint(ids_from.start, ids_from.stop, size=length)
        types = numpy.array([0] * split + [1] * (length - split))
        rows.append((ids, types, start, end))
    return rows


def pack(rows):
    starts = numpy.cumsum([0] + [len(row[0]) for row in rows])
    return {
        "ids": torch.tensor(numpy.concatenate([row[0] for row in rows]), dtype=torch.int64),
        "type_ids": torch.tensor(numpy.concatenate([row[1] for row in rows]), dtype=torch.int64),
        "row_starts": torch.tensor(starts, dtype=torch.int64),
        "start_positions": torch.tensor([row[2] for row in rows], dtype=torch.int64),
        "end_positions": torch.tensor([row[3] for row in rows], dtype=torch.int64),
    }


def pad(rows, padding=PADDING):
    longest = max(len(row[0]) for row in rows)
    ids = torch.full((len(rows), longest), padding, dtype=torch.int64)
    types = torch.zeros_like(ids)
    mask = torch.zeros_like(ids)
    for index, (row_ids, row_types, _, _) in enumerate(rows):
        ids[index, : len(row_ids)] = torch.tensor(row_ids)
        types[index, : len(row_ids)] = torch.tensor(row_types)
        mask[index, : len(row_ids)] = 1
    return {"input_ids": ids, "token_type_ids": types, "attention_mask": mask}


def real_tokens(padded, mask):
    """[B, N, ...] -> [T, ...]: the rows without their padding, one after another."""
    return padded[mask.bool()].contiguous()


def row_loss(output, mask, rows):
    """The mean over rows and over start and end of each row's cross entropy on its real tokens."""
    hidden = mask == 0
    starts = torch.tensor([row[2] for row in rows])
    ends = torch.tensor([row[3] for row in rows])
    start_loss = torch.nn.functional.cross_entropy(output.start_logits.masked_fill(hidden, -math.inf), starts)
    end_loss = torch.nn.functional.cross_entropy(output.end_logits.masked_fill(hidden, -math.inf), ends)
    return (start_loss + end_loss) / 2


def gradients(model):
    """The gradient of every parameter that the loss reaches, under the parameter's own name."""
    return {name: p.grad.detach().clone() for name, p in model.named_parameters() if p.grad is not None}


def gradient_norm(model):
    return torch.linalg.vector_norm(torch.stack([g.norm() for g in gradients(model).values()])).item()


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def forward_and_backward(model, folder):
    """Rows of five lengths: logits, loss, the state after the embeddings and each layer, the gradient of each
    parameter."""
    rows = draw_rows([64, 3, 17, 40, 8], seed=11)
    inputs = pad(rows)
    mask = inputs["attention_mask"]
    model.zero_grad()
    output = model(**inputs, output_hidden_states=True)
    loss = row_loss(output, mask, rows)
    loss.backward()
    tensors = pack(rows)
    tensors["start_logits"] = real_tokens(output.start_logits.detach(), mask)
    tensors["end_logits"] = real_tokens(output.end_logits.detach(), mask)
    tensors["loss"] = loss.detach().reshape(1)
    for index, hidden in enumerate(output.hidden_states):  # 0: after the embeddings, n: after layer n-1
        tensors[f"hidden.{index}"] = real_tokens(hidden.detach(), mask)
    save_file(tensors, folder / "batch.safetensors")
    save_file(gradients(model), folder / "gradients.safetensors")
    print("logits", tensors["start_logits"].std().item(), "loss", loss.item(), "norm", gradient_norm(model))


def equal_rows(model, folder):
    """Rows of one length, where padding plays no part: transformers' own loss, which must be ours too."""
    rows = draw_rows([21] * 4, seed=12)
    inputs = pad(rows)
    packed = pack(rows)
    model.zero_grad()
    output = model(
        **inputs, start_positions=packed["start_positions"], end_positions=packed["end_positions"]
    )
    output.loss.backward()
    ours = row_loss(output, inputs["attention_mask"], rows)
    if abs(ours.item() - output.loss.item()) > 1e-6:
        raise SystemExit(f"the reference loss {ours.item()} is not transformers' loss {output.loss.item()}")
    packed["loss"] = output.loss.detach().reshape(1)
    packed["gradient_norm"] = torch.tensor([gradient_norm(model)])
    packed["start_logits"] = output.start_logits.detach().flatten()
    packed["end_logits"] = output.end_logits.detach().flatten()
    save_file(packed, folder / "equal_rows.safetensors")


def one_layer(model, folder):
    """Layer 0 alone: a state [T, 32] and a gradient of its output give the output and the gradient of the state."""
    lengths = [9, 1, 30]
    generator = torch.Generator().manual_seed(13)
    longest = max(lengths)
    mask = torch.tensor([[1] * n + [0] * (longest - n) for n in lengths])
    state = torch.randn(len(lengths), longest, 32, generator=generator, requires_grad=True)
    output_gradient = torch.randn(len(lengths), longest, 32, generator=generator) * mask.unsqueeze(-1)
    bias = torch.zeros(mask.shape).masked_fill(mask == 0, torch.finfo(torch.float32).min)[:, None, None, :]
    output = model.bert.encoder.layer[0](state, bias)
    output = output[0] if isinstance(output, tuple) else output
    output.backward(output_gradient)
    save_file(
        {
            "row_starts": torch.tensor(numpy.cumsum([0] + lengths), dtype=torch.int64),
            "input": real_tokens(state.detach(), mask),
            "output": real_tokens(output.detach(), mask),
            "output_gradient": real_tokens(output_gradient, mask),
            "input_gradient": real_tokens(state.grad, mask),
        },
        folder / "layer.safetensors",
    )


def decay_groups(model, decay):
    free = [p for n, p in model.named_parameters() if n.endswith("bias") or is_norm(n)]
    decayed = [p for n, p in model.named_parameters() if not (n.endswith("bias") or is_norm(n))]
    return [{"params": decayed, "weight_decay": decay}, {"params": free, "weight_decay": 0.0}]


def train(start, batches, decay, clip, schedule):
    """Ten steps of torch.optim.AdamW; the norm is taken before clipping, the loss before the step."""
    model = BertForQuestionAnswering(tiny_config()).eval()
    model.load_state_dict(start)
    optimizer = torch.optim.AdamW(decay_groups(model, decay), lr=1e-3, betas=(0.9, 0.999), eps=1e-8)
    scheduler = get_linear_schedule_with_warmup(optimizer, *schedule) if schedule else None
    curve = {"losses": [], "gradient_norms": [], "learning_rates": []}
    for rows in batches:
        inputs = pad(rows)
        optimizer.zero_grad()
        loss = row_loss(model(**inputs), inputs["attention_mask"], rows)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), clip if clip else math.inf)
        curve["losses"].append(loss.item())
        curve["gradient_norms"].append(norm.item())
        curve["learning_rates"].append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if scheduler:
            scheduler.step()
    return curve, {name: p.detach().clone() for name, p in model.named_parameters()}


KEPT = [
    "bert.embeddings.LayerNorm.weight",
    "bert.embeddings.token_type_embeddings.weight",
    "bert.encoder.layer.0.attention.self.query.weight",
    "bert.encoder.layer.1.output.LayerNorm.bias",
    "bert.encoder.layer.2.intermediate.dense.bias",
    "qa_outputs.weight",
    "qa_outputs.bias",
]


def optimizer_steps(model, folder):
    start = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    lengths = numpy.random.RandomState(20).randint(5, 41, size=(10, 4))
    batches = [draw_rows(list(row), seed=100 + step) for step, row in enumerate(lengths)]
    tensors = {}
    for step, rows in enumerate(batches):
        tensors.update({f"{step}.{name}": tensor for name, tensor in pack(rows).items()})
    save_file(tensors, folder / "batches.safetensors")
    variants = {
        "plain": {"decay": 0.0, "clip": None, "schedule": None},
        "decay": {"decay": 0.01, "clip": None, "schedule": None},
        "clipped": {"decay": 0.0, "clip": 0.5, "schedule": (3, 10)},
    }
    report, some = {}, {}
    for name, options in variants.items():
        curve, weights = train(start, batches, **options)
        report[name] = options | curve | {
            "sums": {key: [w.double().sum().item(), w.double().abs().sum().item()] for key, w in weights.items()}
        }
        if name == "decay":
            save_file(weights, folder / "final_decay.safetensors")
        else:
            some.update({f"{name}.{key}": weights[key] for key in KEPT})
        print(name, curve["losses"][0], "->", curve["losses"][-1], "norms", curve["gradient_norms"][:3])
    save_file(some, folder / "final_some.safetensors")
    write_json(folder / "curves.json", report)


def key_formats(folder):
    """One encoder saved in each way that its keys occur in the world."""
    config = BertConfig(
        vocab_size=23,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=12,
        type_vocab_size=2,
    )
    model = scramble(BertForQuestionAnswering(config), seed=31)
    encoder = model.bert.state_dict()
    model.save_pretrained(folder / "question_answering")
    model.save_pretrained(folder / "sharded", max_shard_size="4KB")
    bare = BertModel(config)
    bare.load_state_dict(encoder, strict=False)  # the pooler keeps its own random weights: nobody reads them
    bare.save_pretrained(folder / "base")
    for name, kind in [("pretraining", BertForPreTraining), ("masked_lm", BertForMaskedLM)]:
        other = kind(config)
        other.bert.load_state_dict(encoder, strict=False)
        other.save_pretrained(folder / name)
    tensors = load_file(folder / "pretraining" / "model.safetensors")
    tensors["bert.embeddings.position_ids"] = torch.arange(12).unsqueeze(0)
    shape = {
        "hidden_size": 16, "vocab_size": 23, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24,
        "max_position_embeddings": 12, "type_vocab_size": 2, "hidden_act": "gelu", "initializer_range": 0.02,
        "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1,
    }
    # 2018, converted from TensorFlow: neither architectures nor model_type, gamma and beta, PyTorch 0.4 or 1.0.
    legacy = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
        for name, tensor in tensors.items()
    }
    (folder / "legacy").mkdir()
    save_file(legacy, folder / "legacy" / "model.safetensors", metadata={"format": "pt"})
    write_json(folder / "legacy" / "config.json", shape)
    (folder / "pickle_2018").mkdir()
    save_stream(collections.OrderedDict(legacy), folder / "pickle_2018" / "pytorch_model.bin")
    write_json(folder / "pickle_2018" / "config.json", shape)
    # 2019: architectures without model_type, a decoder tied to the word embeddings, PyTorch 1.0 to 1.5.
    tied = tensors | {"cls.predictions.decoder.weight": tensors["bert.embeddings.word_embeddings.weight"]}
    (folder / "pickle_2019").mkdir()
    save_stream(collections.OrderedDict(tied), folder / "pickle_2019" / "pytorch_model.bin")
    write_json(folder / "pickle_2019" / "config.json", shape | {
        "architectures": ["BertForMaskedLM"], "finetuning_task": None, "num_labels": 2, "output_attentions": False,
        "pruned_heads": {}, "torchscript": False, "use_bfloat16": False, "layer_norm_eps": 1e-12,
    })
    # 2021: a bare encoder in half precision, PyTorch 1.6 and later.
    half = {name.removeprefix("bert."): tensor for name, tensor in tensors.items() if name.startswith("bert.")}
    half = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in half.items()}
    (folder / "pickle_2021").mkdir()
    torch.save(half, folder / "pickle_2021" / "pytorch_model.bin")
    write_json(folder / "pickle_2021" / "config.json", shape | {
        "architectures": ["BertModel"], "model_type": "bert", "torch_dtype": "float16", "gradient_checkpointing": False,
        "position_embedding_type": "absolute", "use_cache": True, "transformers_version": "4.9.0",
    })
    # Today: bfloat16, and a class that transformers does not have.
    (folder / "bfloat16").mkdir()
    bfloat16 = {name: tensor.bfloat16() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    save_file(bfloat16, folder / "bfloat16" / "model.safetensors", metadata={"format": "pt"})
    write_json(folder / "bfloat16" / "config.json", shape | {
        "architectures": ["OurOwnReader"], "model_type": "bert", "dtype": "bfloat16",
    })


def one_type(folder):
    """A model with one segment type, and its logits for a row whose two parts both have type 0."""
    config = BertConfig(
        vocab_size=23, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=24,
        max_position_embeddings=12, type_vocab_size=1,
    )
    model = scramble(BertForQuestionAnswering(config), seed=32).eval()
    model.save_pretrained(folder)
    ids = torch.tensor([[2, 7, 3, 9, 14, 20, 3]])
    output = model(ids, token_type_ids=torch.zeros_like(ids))
    save_file(
        {
            "ids": ids[0], "start_logits": output.start_logits[0].detach().contiguous(),
            "end_logits": output.end_logits[0].detach().contiguous(),
        },
        folder / "logits.safetensors",
    )


def print_size(folder):
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{size} bytes in {folder}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--output", type=Path, default=Path("Tests/BERTTests/Fixtures"))
    output = arguments.parse_args().output
    check_versions()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(1)
    for name in ("tiny_bert", "adamw", "key_formats", "one_type"):
        shutil.rmtree(output / name, ignore_errors=True)
        (output / name).mkdir(parents=True)
    model = scramble(BertForQuestionAnswering(tiny_config()), seed=10).eval()
    model.save_pretrained(output / "tiny_bert")
    forward_and_backward(model, output / "tiny_bert")
    equal_rows(model, output / "tiny_bert")
    one_layer(model, output / "tiny_bert")
    optimizer_steps(model, output / "adamw")
    key_formats(output / "key_formats")
    one_type(output / "one_type")
    print_size(output)


if __name__ == "__main__":
    main()
