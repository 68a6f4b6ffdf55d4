"""Trains a Unigram vocabulary as XLM-RoBERTa's was: sentencepiece with `nmt_nfkc`, on texts in about a hundred
languages.

Writes a model folder whose tokenizer transformers has converted (tokenizer.json) and, with --sentencepiece, one that
has nothing but the sentencepiece model, to compare `bertqa tokenize` and the `tokenizers` library on
(Tools/compare_tokenizers.py).

Use: python Tools/train_unigram.py --size 8000 --output DIR [--family xlm-roberta | camembert] [--sentencepiece]
"""

import argparse
import io
import json
import tempfile
from pathlib import Path

import sentencepiece
import transformers

import multilingual_texts

SAMPLE = Path("Data/sample/train.json")
CLASSES = {"xlm-roberta": transformers.XLMRobertaTokenizer, "camembert": transformers.CamembertTokenizer}


def lines(at_most=None):
    """The translations that Django ships, at most so many of a catalogue, and the English texts of the sample data."""
    texts = multilingual_texts.texts(at_most)
    for article in json.loads(SAMPLE.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            texts += [paragraph["context"], *(row["question"] for row in paragraph["qas"])]
    for text in texts:
        yield from filter(None, (line.strip() for line in text.splitlines()))


def train(size, at_most=None, **settings):
    """The bytes of a sentencepiece model with `size` pieces; the same texts and settings give the same bytes."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=lines(at_most), model_writer=model, vocab_size=size, model_type="unigram",
        normalization_rule_name="nmt_nfkc", num_threads=1, minloglevel=2, **settings,
    )
    return model.getvalue()


def write_sentencepiece(folder, model, family):
    """A folder as the models of before tokenizer.json are: the sentencepiece model and the names of things."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sentencepiece.bpe.model").write_bytes(model)
    (folder / "config.json").write_text(json.dumps({"model_type": family}) + "\n", encoding="utf-8")
    name = CLASSES[family].__name__
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": name}) + "\n", encoding="utf-8")


def convert(folder):
    """The tokenizer that transformers makes of a folder that `write_sentencepiece` wrote."""
    family = json.loads((folder / "config.json").read_text(encoding="utf-8"))["model_type"]
    return CLASSES[family].from_pretrained(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=8000)
    parser.add_argument("--family", choices=CLASSES, default="xlm-roberta")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--sentencepiece", action="store_true")
    options = parser.parse_args()
    model = train(options.size)
    if options.sentencepiece:
        return write_sentencepiece(options.output, model, options.family)
    with tempfile.TemporaryDirectory() as folder:
        write_sentencepiece(Path(folder), model, options.family)
        convert(Path(folder)).save_pretrained(options.output)
    (options.output / "config.json").write_text(json.dumps({"model_type": options.family}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
