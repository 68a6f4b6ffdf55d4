#!/usr/bin/env python3
"""Writes Tests/CommandTests/Fixtures/hub: a tiny repository of each family, with the files that real ones on the hub
have, and what transformers makes of it.

    pip install -r Tools/requirements.txt
    python Tools/make_hub_fixtures.py [--output Tests/CommandTests/Fixtures/hub]

The byte pairs and pieces are trained on the sample data and on the texts below, the weights are random, from fixed
seeds: a second run writes the same bytes. `expected.json` has the questions, and for each family the ids of each pair
and the answer: of all spans of up to 30 tokens of the text that with the highest sum of logits, in float32. Nothing is
downloaded.

| family | files as in |
|---|---|
| distilbert | distilbert-base-uncased-distilled-squad: vocab.txt, tokenizer.json, tokenizer_config.json |
| electra | the older ones: vocab.txt and tokenizer_config.json; weights as a pickle alone |
| roberta | deepset/roberta-base-squad2: vocab.json, merges.txt, special_tokens_map.json; no tokenizer.json |
| xlm-roberta | deepset/xlm-roberta-base-squad2: sentencepiece.bpe.model, special_tokens_map.json; no tokenizer.json |
| camembert | almanach/camembert-base: sentencepiece.bpe.model and tokenizer.json |
"""

import argparse
import json
import shutil
from collections import Counter
from pathlib import Path

import sentencepiece
import torch
import transformers
from tokenizers import ByteLevelBPETokenizer
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

from make_family_fixtures import SHAPE
from make_parity_fixtures import check_versions, print_size, scramble, write_json

LONGEST_ANSWER = 30
TEXTS = [
    "Zoë Brandt's tower opened in São Paulo in 1889; it's 312 m high. Bjørn Ålund drew it, and 4,000 people built it.",
    "The naïve café owner sold 37 cups — at 2.50 € each — on Monday.  On Tuesday she sold none, since it rained.",
    "東京タワーは1958年に完成した。高さは333メートルである。 It stands in Minato, Tokyo.",
]
QUESTIONS = [
    (0, "Who drew the tower?"), (0, "When did Zoë's tower open?"), (0, "How many people built it?"),
    (1, "how many cups were sold on monday"), (1, "Why did she sell none?"), (2, "東京タワーの高さは？"),
]  # fmt: skip
ROBERTA = SHAPE | {
    "type_vocab_size": 1, "layer_norm_eps": 1e-5, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2,
}
SHAPES = {
    "distilbert": ("DistilBert", {
        "n_layers": 2, "n_heads": 2, "dim": 16, "hidden_dim": 24, "max_position_embeddings": 128,
    }),
    "electra": ("Electra", SHAPE | {"embedding_size": 8, "max_position_embeddings": 128}),
    "roberta": ("Roberta", ROBERTA | {"max_position_embeddings": 130}),
    "xlm-roberta": ("XLMRoberta", ROBERTA | {"max_position_embeddings": 130}),
    "camembert": ("Camembert", ROBERTA | {"max_position_embeddings": 130, "bos_token_id": 5, "eos_token_id": 6}),
}


def corpus():
    """The texts of the sample data's first articles, and those above."""
    articles = json.loads(Path("Data/sample/train.json").read_text(encoding="utf-8"))["data"][:3]
    return 3 * TEXTS + [paragraph["context"] for article in articles for paragraph in article["paragraphs"]]


def write_word_piece(folder, with_file):
    """All characters and the most frequent words: the trainer of the library gives another vocabulary each time."""
    normaliser, splitter = BertNormalizer(lowercase=True), BertPreTokenizer()
    words = Counter(
        word for text in corpus() for word, _ in splitter.pre_tokenize_str(normaliser.normalize_str(text))
    )
    characters = sorted({character for word in words for character in word})
    frequent = [word for word, _ in sorted(words.items(), key=lambda item: (-item[1], item[0])) if len(word) > 1][:90]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters, *(f"##{c}" for c in characters), *frequent]
    (folder / "vocab.txt").write_text("".join(f"{piece}\n" for piece in pieces), encoding="utf-8")
    if with_file:
        transformers.DistilBertTokenizerFast.from_pretrained(folder, do_lower_case=True).save_pretrained(folder)
    else:
        write_json(folder / "tokenizer_config.json", {"do_lower_case": True, "model_max_length": 128})


def write_bytes(folder):
    trainer = ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer.train_from_iterator(corpus(), vocab_size=380, special_tokens=special, show_progress=False)
    trainer.save_model(str(folder))
    roles = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "pad_token": "<pad>",
             "unk_token": "<unk>",
             "mask_token": {"content": "<mask>", "lstrip": True, "rstrip": False, "normalized": False,
                            "single_word": False}}  # fmt: skip
    write_json(folder / "special_tokens_map.json", roles)
    write_json(folder / "tokenizer_config.json", {"model_max_length": 128})


def write_pieces(folder, kind):
    """A sentencepiece model as XLM-RoBERTa and CamemBERT have it."""
    lines = folder / "lines.txt"
    lines.write_text("\n".join(corpus()), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(lines), model_prefix=str(folder / "pieces"), vocab_size=300, character_coverage=1.0, num_threads=1,
        model_type="unigram", normalization_rule_name="identity", minloglevel=2, hard_vocab_limit=False,
    )
    (folder / "pieces.model").rename(folder / "sentencepiece.bpe.model")
    (folder / "pieces.vocab").unlink()
    lines.unlink()
    if kind == "camembert":
        transformers.CamembertTokenizerFast.from_pretrained(folder).save_pretrained(folder)
        return
    roles = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "pad_token": "<pad>",
             "unk_token": "<unk>", "mask_token": "<mask>"}  # fmt: skip
    write_json(folder / "special_tokens_map.json", roles)
    write_json(folder / "tokenizer_config.json", {"model_max_length": 128})


def write_tokenizer(family, folder):
    if family == "roberta":
        write_bytes(folder)
    elif family in ("xlm-roberta", "camembert"):
        write_pieces(folder, family)
    else:
        write_word_piece(folder, family == "distilbert")


def write_model(family, folder, seed):
    kind, shape = SHAPES[family]
    # transformers chooses the class of the tokenizer by the model's type.
    write_json(folder / "config.json", {"model_type": family})
    rows = len(AutoTokenizer.from_pretrained(folder))
    model = getattr(transformers, f"{kind}ForQuestionAnswering")(
        getattr(transformers, f"{kind}Config")(**shape | {"vocab_size": rows})
    )
    scramble(model, seed).eval().save_pretrained(folder)
    if family == "electra":
        (folder / "model.safetensors").unlink()
        torch.save(model.state_dict(), folder / "pytorch_model.bin")


def best_span(start, end, inside):
    """The pair with the highest sum of logits of all pairs; of equal ones the first."""
    pairs = [(a, b) for a in inside for b in inside if a <= b < a + LONGEST_ANSWER]
    return max(pairs, key=lambda pair: start[pair[0]] + end[pair[1]])


def answers(folder):
    """What transformers reads in the folder and answers with it."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForQuestionAnswering.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager").eval()
    result = []
    for number, question in QUESTIONS:
        text = TEXTS[number]
        encoded = tokenizer(question, text, return_offsets_mapping=True, return_tensors="pt")
        offsets = encoded.pop("offset_mapping")[0].tolist()
        inside = [index for index, part in enumerate(encoded.sequence_ids(0)) if part == 1]
        with torch.inference_mode():
            output = model(**encoded)
        first, last = best_span(output.start_logits[0].tolist(), output.end_logits[0].tolist(), inside)
        result.append({"ids": encoded["input_ids"][0].tolist(), "answer": text[offsets[first][0] : offsets[last][1]]})
    return result


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--output", type=Path, default=Path("Tests/CommandTests/Fixtures/hub"))
    output = arguments.parse_args().output
    check_versions()
    torch.set_num_threads(1)
    shutil.rmtree(output, ignore_errors=True)
    expected = {}
    for number, family in enumerate(SHAPES):
        folder = output / family
        folder.mkdir(parents=True)
        write_tokenizer(family, folder)
        write_model(family, folder, seed=70 + number)
        expected[family] = answers(folder)
        print(family, sorted(path.name for path in folder.iterdir()), [row["answer"][:20] for row in expected[family]])
    questions = [{"context": TEXTS[number], "question": question} for number, question in QUESTIONS]
    write_json(output / "expected.json", {"questions": questions, "families": expected})
    print_size(output)


if __name__ == "__main__":
    main()
