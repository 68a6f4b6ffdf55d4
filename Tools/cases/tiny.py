"""A tiny BERT with random weights, written by hand: what the cases need of a model, without any package."""

import array
import json
import os
import pathlib
import random
import re
import struct

WIDTH, INNER, LAYERS = 32, 64, 1
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
CONFIG = {
    "architectures": ["BertForQuestionAnswering"], "model_type": "bert", "hidden_size": WIDTH,
    "num_hidden_layers": LAYERS, "num_attention_heads": 2, "intermediate_size": INNER, "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "layer_norm_eps": 1e-12,
    "initializer_range": 0.02, "pad_token_id": 0,
}


def vocabulary(*texts):
    """Special tokens, the words of some texts, and letters to spell all others with."""
    words = sorted(set(re.findall(r"\w+|[^\w\s]", " ".join(texts).lower())) - set(LETTERS))
    return SPECIAL + list(LETTERS) + ["##" + letter for letter in LETTERS] + words


def shapes(words, positions, types):
    yield "bert.embeddings.word_embeddings.weight", [words, WIDTH]
    yield "bert.embeddings.position_embeddings.weight", [positions, WIDTH]
    yield "bert.embeddings.token_type_embeddings.weight", [types, WIDTH]
    yield from norm("bert.embeddings.LayerNorm")
    for layer in range(LAYERS):
        name = f"bert.encoder.layer.{layer}"
        for part in ("query", "key", "value"):
            yield from linear(f"{name}.attention.self.{part}", WIDTH, WIDTH)
        yield from linear(f"{name}.attention.output.dense", WIDTH, WIDTH)
        yield from norm(f"{name}.attention.output.LayerNorm")
        yield from linear(f"{name}.intermediate.dense", INNER, WIDTH)
        yield from linear(f"{name}.output.dense", WIDTH, INNER)
        yield from norm(f"{name}.output.LayerNorm")
    yield from linear("qa_outputs", 2, WIDTH)


def linear(name, outputs, inputs):
    yield f"{name}.weight", [outputs, inputs]
    yield f"{name}.bias", [outputs]


def norm(name):
    yield f"{name}.weight", [WIDTH]
    yield f"{name}.bias", [WIDTH]


def numbers(name, shape):
    count = shape[0] * (shape[1] if len(shape) > 1 else 1)
    if name.endswith("LayerNorm.weight"):
        return array.array("f", [1.0] * count)
    return array.array("f", [random.gauss(0, 0.05) for _ in range(count)])


def write(folder, *texts, positions=512, types=2, tokenizer_config=None, **config):
    """Writes a model whose vocabulary has the words of some texts; returns its folder."""
    random.seed(7)
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    tokens = vocabulary(*texts)
    header, data = {}, bytearray()
    for name, shape in shapes(len(tokens), positions, types):
        start = len(data)
        data += numbers(name, shape).tobytes()
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, len(data)]}
    head = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + data)
    settings = {
        **CONFIG, "vocab_size": len(tokens), "max_position_embeddings": positions, "type_vocab_size": types, **config}
    (folder / "config.json").write_text(json.dumps(settings))
    (folder / "vocab.txt").write_text("".join(token + "\n" for token in tokens), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(
        json.dumps(tokenizer_config or {"do_lower_case": True, "tokenizer_class": "BertTokenizer"}))
    return os.fspath(folder)
