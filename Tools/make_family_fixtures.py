#!/usr/bin/env python3
"""Writes Tests/BERTTests/Fixtures/families: what PyTorch and transformers compute for a tiny model of each family.

As in make_parity_fixtures.py, whose rows, padding and loss these are: on the CPU in float32, from fixed seeds and one
thread; a second run writes the same bytes. Nothing is downloaded.

    pip install torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 numpy==2.4.6      (torch: the CPU build)
    python Tools/make_family_fixtures.py [--output Tests/BERTTests/Fixtures/families]

For each of the families that compute something of their own: `FAMILY/model` (with a head, as transformers saves it),
`batch` (hidden states, logits, loss), `gradients`, and ten AdamW steps with decay, clipping and a schedule (`steps`,
`steps.json`, `final`). `keys.json` has the names and shapes of all weights of transformers' other classes,
`configs.json` its defaults.
"""

import argparse
import json
import shutil
from pathlib import Path

import numpy
import torch
import transformers
from safetensors.torch import save_file
from transformers import get_linear_schedule_with_warmup

from make_parity_fixtures import (
    check_versions,
    decay_groups,
    draw_rows,
    gradient_norm,
    gradients,
    pack,
    pad,
    print_size,
    real_tokens,
    row_loss,
    scramble,
    write_json,
)

# What real models of the family have besides its defaults, and the shape of the tiny one.
SHAPE = {"vocab_size": 40, "num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": 16, "intermediate_size": 24}
ROBERTA = SHAPE | {"max_position_embeddings": 42, "type_vocab_size": 1, "layer_norm_eps": 1e-5, "pad_token_id": 1}
FAMILIES = {
    "distilbert": ("DistilBert", {
        "vocab_size": 40, "n_layers": 2, "n_heads": 2, "dim": 16, "hidden_dim": 24, "max_position_embeddings": 40,
    }),
    "electra": ("Electra", SHAPE | {"embedding_size": 8, "max_position_embeddings": 40}),
    "roberta": ("Roberta", ROBERTA),
    "xlm-roberta": ("XLMRoberta", ROBERTA),
    "camembert": ("Camembert", ROBERTA),
}  # fmt: skip
HEADS = [
    "Model", "ForMaskedLM", "ForPreTraining", "ForSequenceClassification", "ForTokenClassification",
    "ForMultipleChoice",
    "ForQuestionAnswering",
]  # fmt: skip
WITHOUT_DROPOUT = {
    name: 0.0
    for name in ("hidden_dropout_prob", "attention_probs_dropout_prob", "dropout", "attention_dropout", "qa_dropout")
}


def new_config(family, dropout=False):
    """The configuration of the tiny model; a second argument keeps the family's dropout."""
    kind, shape = FAMILIES[family]
    config = getattr(transformers, f"{kind}Config")(**shape)
    for name, value in {} if dropout else WITHOUT_DROPOUT.items():
        if name in config.to_dict():
            setattr(config, name, value)
    return config


def new_model(family, seed=None):
    kind, _ = FAMILIES[family]
    config = new_config(family)
    config._attn_implementation = "eager"
    model = getattr(transformers, f"{kind}ForQuestionAnswering")(config).eval()
    return model if seed is None else scramble(model, seed)


def rows_of(family, lengths, seed):
    """Rows without a padding token; of type 0 alone where the tokenizers of the family know no other."""
    padding = new_config(family).pad_token_id
    rows = draw_rows(lengths, seed, ids_from=range(padding + 1, 40))
    return rows if family == "electra" else [(ids, 0 * types, start, end) for ids, types, start, end in rows]


def inputs_of(family, rows):
    inputs = pad(rows, padding=new_config(family).pad_token_id)
    if family == "distilbert":
        del inputs["token_type_ids"]
    return inputs


def forward_and_backward(model, family, folder):
    """Rows of four lengths, the longest with all positions of the model."""
    rows = rows_of(family, [40, 3, 17, 29], seed=41)
    inputs = inputs_of(family, rows)
    mask = inputs["attention_mask"]
    output = model(**inputs, output_hidden_states=True)
    loss = row_loss(output, mask, rows)
    loss.backward()
    tensors = pack(rows)
    tensors["start_logits"] = real_tokens(output.start_logits.detach(), mask)
    tensors["end_logits"] = real_tokens(output.end_logits.detach(), mask)
    tensors["loss"] = loss.detach().reshape(1)
    for index, hidden in enumerate(output.hidden_states):
        tensors[f"hidden.{index}"] = real_tokens(hidden.detach(), mask)
    save_file(tensors, folder / "batch.safetensors")
    save_file(gradients(model), folder / "gradients.safetensors")
    print(family, "logits", tensors["start_logits"].std().item(), "loss", loss.item(), "norm", gradient_norm(model))


def spelled_padding(model, family, folder):
    """A text that spells out the padding token: RoBERTa counts no position for it."""
    padding = new_config(family).pad_token_id
    ids = torch.tensor([[0, 7, 2, 9, padding, padding, 14, 20, padding, 2]])
    output = model(input_ids=ids, attention_mask=torch.ones_like(ids))
    save_file(
        {
            "ids": ids[0], "start_logits": output.start_logits[0].detach().contiguous(),
            "end_logits": output.end_logits[0].detach().contiguous(),
        },
        folder / "spelled_padding.safetensors",
    )  # fmt: skip


def ten_steps(model, family, folder):
    """Ten steps of torch.optim.AdamW; the norm is taken before clipping, the loss before the step."""
    optimizer = torch.optim.AdamW(decay_groups(model, 0.01), lr=1e-3, betas=(0.9, 0.999), eps=1e-8)
    scheduler = get_linear_schedule_with_warmup(optimizer, 3, 10)
    lengths = numpy.random.RandomState(42).randint(5, 41, size=(10, 3))
    curve = {"losses": [], "gradient_norms": [], "learning_rates": []}
    batches = {}
    for step, row_lengths in enumerate(lengths):
        rows = rows_of(family, list(row_lengths), seed=200 + step)
        batches.update({f"{step}.{name}": tensor for name, tensor in pack(rows).items()})
        inputs = inputs_of(family, rows)
        optimizer.zero_grad()
        loss = row_loss(model(**inputs), inputs["attention_mask"], rows)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        curve["losses"].append(loss.item())
        curve["gradient_norms"].append(norm.item())
        curve["learning_rates"].append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    save_file(batches, folder / "steps.safetensors")
    save_file({name: p.detach().clone() for name, p in model.named_parameters()}, folder / "final.safetensors")
    write_json(folder / "steps.json", curve)
    print(family, "losses", curve["losses"][0], "->", curve["losses"][-1], "norms", curve["gradient_norms"][:3])


def keys_of(family):
    """The names and shapes of the weights of each class as it is saved, tied ones left out as in its file."""
    kind, _ = FAMILIES[family]
    result = {}
    for head in HEADS:
        if not hasattr(transformers, f"{kind}{head}"):
            continue
        model = getattr(transformers, f"{kind}{head}")(new_config(family))
        tied = set(model.all_tied_weights_keys or {})
        result[f"{kind}{head}"] = {n: list(t.shape) for n, t in model.state_dict().items() if n not in tied}
    return result


def other_forms(output):
    """Files as old and large models have them: no prefix and a table of positions, float16, a pickle; parts."""
    bare = {name.removeprefix("roberta."): t.half() for name, t in new_model("roberta", 44).state_dict().items()
            if name.startswith("roberta.")}  # fmt: skip
    bare["embeddings.position_ids"] = torch.arange(42).unsqueeze(0)
    (output / "roberta_pickle").mkdir()
    torch.save(bare, output / "roberta_pickle" / "pytorch_model.bin")
    shape = new_config("roberta").to_dict()
    kept = {name: shape[name] for name in (*ROBERTA, "hidden_act", "bos_token_id", "eos_token_id")}
    write_json(output / "roberta_pickle" / "config.json", kept | {"architectures": ["RobertaForMaskedLM"]})
    new_model("distilbert", 45).save_pretrained(output / "distilbert_sharded", max_shard_size="6KB")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--output", type=Path, default=Path("Tests/BERTTests/Fixtures/families"))
    output = arguments.parse_args().output
    check_versions()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(1)
    shutil.rmtree(output, ignore_errors=True)
    for number, family in enumerate(("distilbert", "electra", "roberta")):
        (output / family).mkdir(parents=True)
        model = new_model(family, seed=50 + number)
        model.save_pretrained(output / family / "model")
        forward_and_backward(model, family, output / family)
        if family == "roberta":
            spelled_padding(model, family, output / family)
        ten_steps(model, family, output / family)
    other_forms(output)
    write_json(output / "keys.json", {family: keys_of(family) for family in FAMILIES})
    defaults = {family: getattr(transformers, f"{kind}Config")().to_dict() for family, (kind, _) in FAMILIES.items()}
    write_json(output / "configs.json", defaults | {"bert": transformers.BertConfig().to_dict()})
    print_size(output)


if __name__ == "__main__":
    main()
