"""Compares what `bertqa tokenize` and transformers make of random model folders: files that agree, contradict each
other or are missing, in all combinations that come up.

Prints each folder whose ids differ, or that only BertQA refuses, and ends with status 1 if there is one.

Use: python Tools/compare_tokenizer_folders.py [--folders N] [--seed S] [--bertqa PATH]
"""

import argparse
import collections
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
from transformers import AutoTokenizer

import make_tokenizer_folder_fixtures as forms

TEXT = ("The North quays École isn't 東京 a [MASK] b[SEP] newtok Newtok <q> other [unused1] xxxxxxxxxxxx zebra </s> <s> "
        "NEWTOK xnewtok other")
CLASSES = ["BertTokenizer", "BertTokenizerFast", "PreTrainedTokenizerFast", "DistilBertTokenizer",
    "ElectraTokenizerFast",
           "HarbourTokenizer", "TokenizersBackend"]
ROLES = {"cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]", "pad_token": "[PAD]", "mask_token": "[MASK]",
         "bos_token": "<s>", "eos_token": "</s>", "quay_token": "other"}


class Folders:
    """Random folders; the same ones for a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def maybe(self, share):
        return self.random.random() < share

    def flags(self, *names):
        return {name: self.maybe(0.4) for name in names}

    def token(self, content, typed):
        if self.maybe(0.5):
            return content
        entry = {"content": content, **self.flags("lstrip", "rstrip", "single_word", "normalized")}
        return {"__type": "AddedToken", **entry} if typed else entry

    def roles(self, share, typed):
        return {role: self.token(content, typed) for role, content in ROLES.items() if self.maybe(share)}

    def config(self):
        config = self.roles(0.12, typed=True)
        for name, share in (("do_lower_case", 0.7), ("tokenize_chinese_chars", 0.3), ("split_special_tokens", 0.1)):
            if self.maybe(share):
                config[name] = self.maybe(0.5)
        if self.maybe(0.3):
            config["strip_accents"] = self.random.choice([True, False, None])
        if self.maybe(0.6):
            config["tokenizer_class"] = self.random.choice(CLASSES)
        if self.maybe(0.2):
            config["additional_special_tokens"] = self.random.sample(["[unused1]", "newtok", "<q>", "other"], 2)
        if self.maybe(0.3):
            config["added_tokens_decoder"] = self.decoder()
        return config

    def decoder(self):
        decoder = forms.decoder_of_version_4()
        every = ("lstrip", "rstrip", "single_word", "normalized", "special")
        for number, content in ((forms.NEW, "newtok"), (forms.NEW + 5, "<q>"), (4, "[MASK]")):
            if self.maybe(0.5):
                decoder[str(number)] = {"content": content, **self.flags(*every)}
        return decoder

    def special_map(self):
        return self.roles(0.5, typed=False) | ({"additional_special_tokens": ["<q>"]} if self.maybe(0.3) else {})

    def fast_file(self):
        tokens = forms.fast_file()["added_tokens"]
        every = ("lstrip", "rstrip", "single_word", "normalized", "special")
        for content, number in (("newtok", forms.NEW), ("<q>", forms.NEW + 1), ("other", 37)):
            if self.maybe(0.3):
                tokens.append({"id": number, "content": content, **self.flags(*every)})
        file = forms.fast_file(lower=self.maybe(0.4), added_tokens=tokens)
        if self.maybe(0.3):
            file["normalizer"] |= self.flags("strip_accents", "handle_chinese_chars")
        if self.maybe(0.1):
            file["normalizer"] = self.random.choice([None, {"type": "Lowercase"}])
        if self.maybe(0.2):
            file["post_processor"] = forms.BERT_PROCESSING
        if self.maybe(0.2):
            file["model"]["max_input_chars_per_word"] = 5
        if self.maybe(0.2):
            file["model"]["vocab"]["late"] = forms.NEW + 7
        return forms.without(file, "model.type") if self.maybe(0.1) else file

    def vocabulary(self):
        tokens = list(forms.VOCABULARY)
        if self.maybe(0.2):
            tokens.append("The")
        for token in ("[MASK]", "[PAD]"):
            if self.maybe(0.1):
                tokens.remove(token)
        if self.maybe(0.2):
            tokens[30] += " \t"
        return forms.lines(tokens, end="\r\n" if self.maybe(0.2) else "\n")

    def files(self):
        files = {"config.json": self.random.choice(
            [forms.BERT, forms.BERT, {"model_type": "electra"}, {"architectures": ["BertModel"]}])}
        kind = self.random.random()
        if kind < 0.6:
            files["tokenizer.json"] = self.fast_file()
        if kind > 0.4:
            files["vocab.txt"] = self.vocabulary()
        if self.maybe(0.85):
            files["tokenizer_config.json"] = self.config()
        if self.maybe(0.3):
            files["special_tokens_map.json"] = self.special_map()
        if self.maybe(0.3):
            tokens = [("newtok", forms.NEW), ("<q>", forms.NEW + 1), ("other", 37), ("zebra", forms.NEW + 4)]
            files["added_tokens.json"] = dict(self.random.sample(tokens, 2))
        return files


def by_transformers(folder):
    """The ids, or None where transformers cannot read the folder."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        tokenizer.backend_tokenizer.no_truncation()
        return tokenizer(TEXT)["input_ids"]
    except Exception:  # whatever it is, the folder is one that nobody can use
        return None


def by_bertqa(program, folder):
    """The ids, or the message where the folder is refused."""
    line = json.dumps({"text": TEXT}) + "\n"
    done = subprocess.run([program, "tokenize", "--model", folder], input=line, capture_output=True, text=True)
    return json.loads(done.stdout)["ids"] if done.returncode == 0 else done.stderr.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folders", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bertqa", default=".build/release/bertqa")
    options = parser.parse_args()
    folders, counts = Folders(options.seed), collections.Counter()
    for number in range(options.folders):
        files = folders.files()
        with tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                text = content if isinstance(content, str) else json.dumps(content)
                (Path(folder) / name).write_bytes(text.encode())
            expected, found = by_transformers(folder), by_bertqa(options.bertqa, folder)
        if expected is None:
            counts["transformers fails"] += 1
        elif expected == found:
            counts["equal"] += 1
        else:
            counts["different"] += 1
            print(f"folder {number}:", json.dumps(files, ensure_ascii=False), expected, found, sep="\n  ")
    print(", ".join(f"{name}: {count}" for name, count in counts.items()))
    sys.exit(1 if counts["different"] else 0)


if __name__ == "__main__":
    main()
