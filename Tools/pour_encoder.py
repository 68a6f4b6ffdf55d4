#!/usr/bin/env python3
"""Pours a BERT's weights into a model of another family, so that there are real weights of that family to try.

    pip install torch==2.13.0 transformers==5.23.0 safetensors==0.8.0
    python Tools/pour_encoder.py --model .deps/encoder --family roberta --output poured

DistilBERT and RoBERTa have no second segment: the vector of segment 0 is added to all positions. RoBERTa's positions
begin behind the padding's id, 1: the padding changes places with the token that has this id, and two rows of nought
come before the positions. A head for question answering is poured too if the model has one.

The tokenizer is the model's WordPiece in a tokenizer.json that gives every token type 0, with a tokenizer_config.json
that makes transformers read it as it is.
"""

import argparse
import json
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file
from transformers import AutoConfig, AutoTokenizer

FAMILIES = {"distilbert": "DistilBert", "roberta": "Roberta"}
DISTILBERT = {
    "encoder.layer": "transformer.layer", "attention.self.query": "attention.q_lin",
    "attention.self.key": "attention.k_lin",
    "attention.self.value": "attention.v_lin", "attention.output.dense": "attention.out_lin",
    "attention.output.LayerNorm": "sa_layer_norm", "intermediate.dense": "ffn.lin1", "output.dense": "ffn.lin2",
    "output.LayerNorm": "output_layer_norm",
}  # fmt: skip
PADDING = {"distilbert": 0, "roberta": 1}


def new_config(family, source):
    """The source's shape in the family's settings."""
    shape = {
        "vocab_size": source.vocab_size, "num_hidden_layers": source.num_hidden_layers,
        "hidden_size": source.hidden_size,
        "num_attention_heads": source.num_attention_heads, "intermediate_size": source.intermediate_size,
        "max_position_embeddings": source.max_position_embeddings, "pad_token_id": PADDING[family],
    }  # fmt: skip
    if family == "distilbert":
        shape["hidden_dim"] = shape.pop("intermediate_size")
        return transformers.DistilBertConfig(**shape)
    shape["max_position_embeddings"] += PADDING[family] + 1
    return transformers.RobertaConfig(**shape, type_vocab_size=1, layer_norm_eps=source.layer_norm_eps,
        bos_token_id=101,
                                      eos_token_id=102)  # fmt: skip


def swapped(rows, one, other):
    """A table with two of its rows in each other's place."""
    rows = rows.clone()
    rows[[one, other]] = rows[[other, one]]
    return rows


def poured(family, weights, padding):
    """The source's weights under the family's names, the head's included."""
    weights = {name.removeprefix("bert."): tensor for name, tensor in weights.items()}
    segments = weights.pop("embeddings.token_type_embeddings.weight")
    weights["embeddings.position_embeddings.weight"] = weights["embeddings.position_embeddings.weight"] + segments[0]
    if family == "roberta":
        words, positions = "embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight"
        weights[words] = swapped(weights[words], padding, PADDING[family])
        weights[positions] = torch.cat([torch.zeros(PADDING[family] + 1, segments.shape[1]), weights[positions]])
        weights["embeddings.token_type_embeddings.weight"] = torch.zeros(1, segments.shape[1])
    result = {}
    for name, tensor in weights.items():
        if name.startswith(("embeddings", "encoder", "qa_outputs")) and not name.endswith("position_ids"):
            for old, new in DISTILBERT.items() if family == "distilbert" else ():
                name = name.replace(old, new)
            result[name if name.startswith("qa_outputs") else f"{family}.{name}"] = tensor
    return result


def write_tokenizer(family, model, output):
    """The WordPiece of the model in one file, where the padding has the family's id and all types are 0."""
    tokenizer = AutoTokenizer.from_pretrained(model)
    file = json.loads(tokenizer.backend_tokenizer.to_str())
    vocabulary, old, new = file["model"]["vocab"], tokenizer.pad_token_id, PADDING[family]
    names = {number: name for name, number in vocabulary.items()}
    vocabulary[names[old]], vocabulary[names[new]] = new, old
    for token in file["added_tokens"]:
        token["id"] = vocabulary[token["content"]]
    file["padding"] = file["truncation"] = None
    for piece in file["post_processor"]["single"] + file["post_processor"]["pair"]:
        for part in piece.values():
            part["type_id"] = 0
    (output / "tokenizer.json").write_text(json.dumps(file, ensure_ascii=False), encoding="utf-8")
    roles = ("unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
    settings = {role: str(getattr(tokenizer, role)) for role in roles}
    settings |= {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 512}
    (output / "tokenizer_config.json").write_text(json.dumps(settings, indent=1), encoding="utf-8")


def pour(model, family, output):
    """Writes a model folder of the family with the weights of a folder with a BERT in `model.safetensors`."""
    model, output = Path(model), Path(output)
    output.mkdir(parents=True, exist_ok=True)
    source = AutoConfig.from_pretrained(model)
    weights = poured(family, load_file(model / "model.safetensors"), source.pad_token_id)
    head = "ForQuestionAnswering" if "qa_outputs.weight" in weights else "Model"
    target = getattr(transformers, f"{FAMILIES[family]}{head}")(new_config(family, source))
    if head == "Model":
        weights = {name.removeprefix(f"{family}."): tensor for name, tensor in weights.items()}
    missing, unexpected = target.load_state_dict(weights, strict=False)
    if unexpected or any(not name.startswith("pooler") for name in missing):
        raise SystemExit(f"{model}: missing {missing}, unexpected {unexpected}")
    target.save_pretrained(output)
    write_tokenizer(family, model, output)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="a folder with a BERT")
    parser.add_argument("--family", required=True, choices=FAMILIES)
    parser.add_argument("--output", required=True)
    options = parser.parse_args()
    pour(options.model, options.family, options.output)


if __name__ == "__main__":
    main()
