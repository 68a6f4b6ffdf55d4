"""Writes Tests/TokenizersTests/Fixtures/pipeline.json: tokenizers of all families, and every part that a tokenizer.json
may have, with what the pinned transformers makes of each.

A case holds the files of a model folder as Tools/make_tokenizer_folder_fixtures.py does, with ids, segments, offsets,
masks, spellings and decoded texts of texts and pairs, some of them cut, as `AutoTokenizer` gives them. Where BertQA
refuses a folder, `refused` has a part of the message and nothing is computed. In the files "@name" stands for one of
`models`, which are trained here on the texts of Tools/make_tokenizer_fixtures.py.

Tests/QuestionAnsweringTests/Fixtures/windows.json gets the windows of long texts (`stride`) for some of the families.

Use: python Tools/make_pipeline_fixtures.py
"""

import base64
import json
import os
import tempfile
from pathlib import Path

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import tokenizers
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer

import character_maps
import make_tokenizer_fixtures as word_piece
import tokenizer_parts
from tokenizer_parts import (
    BERT_SPECIALS, FAIRSEQ, FILE, METASPACE, OLD_METASPACE, PRECOMPILED, added, bert_file, camembert_file, roberta_file,
    sequence, xlm_file)

OUTPUT = Path("Tests/TokenizersTests/Fixtures/pipeline.json")
WINDOWS = Path("Tests/QuestionAnsweringTests/Fixtures/windows.json")
TEXTS = [
    "The quick quays, THE QUAY isn't 12.5km from Zürich!", " a  <mask> b</s><mask>\u00a0x<s> ",
    "École e\u0301cole ﬁne ½ Ⅷ ﷺ 한국 각 \u1100\u1161\u11a8",
    "東京 は日本の首都 [MASK] [SEP]x", "x\u200by\u2009z\tq\r\n\n w", "", " ", "\u3000", "don't we'll ''s --- ``quoted''  {a}_b",
    "q\u0307\u0323 Å Å ǅ İ ς\u0345",
    "▁a ▁▁b Ġc", "newtok Newtok xnewtok\u0301", "👩‍👩‍👧 🇫🇷 \U0001d15e\u0301\x00\x01", "1٣²Ⅷ 3a4", "a-b--c - d.",
]
PART_TEXTS = [TEXTS[place] for place in (0, 1, 2, 4, 7, 8, 9, 10, 12, 13, 14)]
PAIRS = [("Where is the quay?", "The north quay <mask> is late, isn't it?"), ("", "x"),
    ("who  ", "  東京 é  and\u00a0more words")]


def read(tokenizer, *texts, **options):
    options = {"return_offsets_mapping": True, "return_token_type_ids": True, "return_special_tokens_mask": True,
        **options}
    return tokenizer(*texts, **options)


def row(tokenizer, first, second=None, max_length=None, strategy="only_second", decodes=True):
    cut = {} if max_length is None else {"truncation": strategy if second is not None else True,
        "max_length": max_length}
    case = {"first": first}
    if second is not None:
        case |= {"second": second, "strategy": strategy}
    if max_length is not None:
        case |= {"max_length": max_length}
    try:
        rows = read(tokenizer, first, second, **cut)
    except Exception as error:
        if "Truncation error" not in str(error):
            raise
        return case | {"ids": None}
    assert set(rows["attention_mask"]) == {1}
    case |= {"ids": rows["input_ids"], "offsets": [edge for pair in rows["offset_mapping"] for edge in pair]}
    if second is not None:
        case |= {"types": rows["token_type_ids"], "special": rows["special_tokens_mask"]}
    return case if not decodes else case | {
        "tokens": rows.encodings[0].tokens, "decoded": tokenizer.backend_tokenizer.decode(rows["input_ids"]),
        "decoded_all": tokenizer.backend_tokenizer.decode(rows["input_ids"], skip_special_tokens=False),
    }


def rows(tokenizer, kind):
    """Rows for a family, a part, or a decoder."""
    if kind == "decoder":
        return [row(tokenizer, text) for text in TEXTS[:4]]
    if kind == "part":
        found = [row(tokenizer, text, decodes=False) for text in PART_TEXTS]
        return found + [row(tokenizer, *PAIRS[0], decodes=False),
            row(tokenizer, *PAIRS[0], 8, "longest_first", decodes=False)]
    found = [row(tokenizer, text) for text in TEXTS]
    found += [row(tokenizer, *pair) for pair in PAIRS]
    found += [row(tokenizer, TEXTS[0], None, 9)]
    found += [row(tokenizer, *PAIRS[0], length, strategy) for length in (8, 14)
        for strategy in ("only_second", "longest_first", "only_first")]
    return found


# MARK: Models


def trained(model, trainer, pre_tokenizer, normalizer=None):
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer, tokenizer.normalizer = pre_tokenizer, normalizer or normalizers.Sequence([])
    tokenizer.train_from_iterator(word_piece.TEXTS + [text for text in TEXTS if "ewtok" not in text] * 3, trainer)
    return json.loads(tokenizer.to_str())["model"]


def all_models():
    byte_level = trained(
        models.BPE(), trainers.BpeTrainer(vocab_size=420, special_tokens=FAIRSEQ + ["<mask>"], show_progress=False,
                                          initial_alphabet=pre_tokenizers.ByteLevel.alphabet()),
        pre_tokenizers.ByteLevel(add_prefix_space=False))
    metaspace = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    unigram = trained(
        models.Unigram(), trainers.UnigramTrainer(vocab_size=380, special_tokens=FAIRSEQ, unk_token="<unk>",
            show_progress=False), metaspace)
    # The trainer's threads add the same numbers in another order each time.
    pieces = sorted(([piece, round(score, 1)] for piece, score in unigram["vocab"][4:]), key=lambda p: (-p[1], p[0]))
    xlm = [[token, 0.0] for token in FAIRSEQ] + pieces + [["<mask>", 0.0]]
    camembert = [["<s>NOTUSED", 0.0], ["<pad>", 0.0], ["</s>NOTUSED", 0.0], ["<unk>", 0.0], ["<unk>NOTUSED", -100]]
    camembert += [["<s>", 0.0], ["</s>", 0.0]] + pieces + [["<mask>", 0.0]]
    # Two runs of the trainer for WordPiece differ.
    letters = sorted({letter for text in TEXTS for letter in text if not letter.isspace()})
    pieces = dict.fromkeys(BERT_SPECIALS + word_piece.WORDS + letters + ["##" + letter for letter in letters])
    words = {
        "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100, "vocab": {piece: number for number, piece in enumerate(pieces)}}
    return {
        "bpe": byte_level, "bpe-vocab": byte_level["vocab"], "unigram": unigram | {"unk_id": 3, "vocab": xlm},
        "camembert": unigram | {"unk_id": 3, "vocab": camembert}, "wordpiece": words,
        "charsmap": charsmap(),
    }


def charsmap():
    """A precompiled map that makes `ﬁ` `fi`, `Ａ` `A` and white space a space."""
    rules = {"ﬁ": "fi", "Ａ": "A", "\t": " ", "\u00a0": " ", "½": "1/2"}
    return base64.b64encode(character_maps.character_map(rules)).decode()


# MARK: Cases


def families(masks):
    roberta, xlm, camembert = ({"config.json": {"model_type": kind}}
        for kind in ("roberta", "xlm-roberta", "camembert"))
    maps = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "sep_token": "</s>", "pad_token": "<pad>",
        "cls_token": "<s>",
            "mask_token": {"content": "<mask>", "single_word": False, "lstrip": True, "rstrip": False,
                "normalized": False}}
    typed = maps | {"mask_token": maps["mask_token"] | {"__type": "AddedToken"}}
    words = {"vocab.json": "@bpe-vocab", "merges.txt": "@merges"}
    yield "RoBERTa", roberta | {"tokenizer.json": roberta_file(),
        "tokenizer_config.json": {"model_max_length": 512}}, {"windows": True}
    yield "RoBERTa for SQuAD", roberta | words | {
        "tokenizer.json": roberta_file(), "special_tokens_map.json": maps, "tokenizer_config.json": {
            "do_lower_case": False, "model_max_length": 512, "full_tokenizer_file": None,
            "tokenizer_class": "RobertaTokenizer"}}, {}
    yield "RoBERTa with a space before texts", roberta | {
        "tokenizer.json": roberta_file(),
        "tokenizer_config.json": {"add_prefix_space": True, "tokenizer_class": "RobertaTokenizerFast"}}, {
        "told": "add_prefix_space", "windows": True}
    yield "RoBERTa whose file has a space before texts", roberta | {"tokenizer.json": roberta_file(prefix=True)}, {
        "told": "add_prefix_space"}
    yield "RoBERTa with whole offsets", roberta | {"tokenizer.json": roberta_file(),
        "tokenizer_config.json": {"trim_offsets": False}}, {}
    yield "RoBERTa without tokenizer.json", roberta | words, {}
    yield "RoBERTa without tokenizer.json, with maps", roberta | words | {
        "special_tokens_map.json": maps, "added_tokens.json": {"newtok": masks["bpe"]},
        "tokenizer_config.json": {"tokenizer_class": "RobertaTokenizer"}}, {}
    yield "RoBERTa's file as it stands", roberta | {"tokenizer.json": roberta_file(prefix=True),
        "tokenizer_config.json": FILE | typed}, {}
    yield "RoBERTa with added tokens", roberta | {
        "tokenizer.json": roberta_file(added_tokens=roberta_file()["added_tokens"] + [
        added("newtok", masks["bpe"], normalized=True, special=False),
        added("quick", masks["bpe"] + 1, single_word=True, special=False)])}, {}
    yield "XLM-RoBERTa", xlm | {"tokenizer.json": xlm_file(masks["unigram"]), "tokenizer_config.json": {
        "tokenizer_class": "XLMRobertaTokenizer", "model_max_length": 512, **typed}}, {"windows": True}
    yield "XLM-RoBERTa of tokenizers 0.8", xlm | {"tokenizer.json": xlm_file(
        masks["unigram"], pre_tokenizer=sequence("pretokenizers", {"type": "WhitespaceSplit"}, OLD_METASPACE),
        decoder=OLD_METASPACE)}, {}
    yield "XLM-RoBERTa with Replace", xlm | {"tokenizer.json": xlm_file(masks["unigram"], normalizer=sequence(
        "normalizers", PRECOMPILED, {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"}),
            pre_tokenizer=METASPACE)}, {"told": "Replace"}
    yield "XLM-RoBERTa's file with Replace as it stands", xlm | {
        "tokenizer.json": xlm_file(masks["unigram"], normalizer=sequence(
        "normalizers", PRECOMPILED, {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"}),
            pre_tokenizer=METASPACE), "tokenizer_config.json": FILE}, {}
    yield "XLM-RoBERTa without a space", xlm | {"tokenizer.json": xlm_file(masks["unigram"], normalizer=None),
        "tokenizer_config.json": {"add_prefix_space": False}}, {"told": "add_prefix_space"}
    yield "CamemBERT", camembert | {"tokenizer.json": camembert_file(masks["camembert"]),
        "tokenizer_config.json": {"tokenizer_class": "CamembertTokenizerFast"}}, {}
    joins = {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}
    yield "CamemBERT with joined spaces", camembert | {"tokenizer.json": camembert_file(masks["camembert"]) | {
        "normalizer": sequence("normalizers", PRECOMPILED, joins)}}, {}
    yield "CamemBERT with its own list", camembert | {"tokenizer.json": camembert_file(masks["camembert"]),
        "tokenizer_config.json": {
        "tokenizer_class": "CamembertTokenizer", "additional_special_tokens": ["<s>NOTUSED"]}}, {}
    names = {"distilbert": "DistilBertTokenizer", "electra": "ElectraTokenizer"}
    for name, kind in (("DistilBERT", "distilbert"), ("ELECTRA", "electra")):
        yield name, {"config.json": {"model_type": kind}, "tokenizer.json": bert_file(),
            "tokenizer_config.json": {"do_lower_case": False}}, {"windows": name == "DistilBERT"}
        yield name + " of its class", {"config.json": {"model_type": kind}, "tokenizer.json": bert_file(),
            "tokenizer_config.json": {
            "do_lower_case": False, "tokenizer_class": names[kind]}}, {}


# MARK: Writing


def filled(content, made):
    content = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    for name, value in made.items():
        content = content.replace(f'"@{name}"', json.dumps(value, ensure_ascii=False))
        if content == f"@{name}":
            content = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return content


def opened(files, made):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(filled(content, made).encode())
        return AutoTokenizer.from_pretrained(folder)


def windows(tokenizer):
    """The windows of a long text for two lengths and overlaps."""
    question, context = "Where is the quay?", " ".join(TEXTS)
    found = []
    for length, stride in ((32, 8), (48, 0)):
        encoded = read(tokenizer, question, context, truncation="only_second", max_length=length, stride=stride,
            return_overflowing_tokens=True)
        found.append({"max_length": length, "stride": stride, "ids": encoded["input_ids"],
            "types": encoded["token_type_ids"]})
    return {"question": question, "context": context, "windows": found}


def all_cases():
    made = all_models()
    merges = "\n".join(["#version: 0.2"] + [" ".join(merge) for merge in made["bpe"]["merges"]]) + "\n"
    made["merges"] = merges
    masks = {"bpe": len(made["bpe-vocab"]), "unigram": len(made["unigram"]["vocab"]) - 1,
        "camembert": len(made["camembert"]["vocab"]) - 1}
    cases = [(name, files, {"kind": "family"} | options) for name, files, options in families(masks)]
    return made, cases + list(tokenizer_parts.parts(masks)) + list(tokenizer_parts.refusals(masks))


def main():
    made, sections = all_cases()
    cases, cut = [], []
    for name, files, options in sections:
        files = {key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for key,
            value in files.items()}
        case = {"name": name, "files": files, "told": options.get("told"), "refused": options.get("refused"),
            "cleanup": options.get("cleanup", True), "rows": []}
        if not case["refused"]:
            tokenizer = opened(files, made)
            case["rows"] = rows(tokenizer, options.get("kind", "part"))
            if options.get("windows"):
                cut.append({"name": name, "files": {key: filled(value, made) for key, value in files.items()},
                    **windows(tokenizer)})
        cases.append(case)
    assert len({case["name"] for case in cases}) == len(cases)
    versions = f"transformers {transformers.__version__}, tokenizers {tokenizers.__version__}"
    origin = f"{versions}, Tools/make_pipeline_fixtures.py"
    for path, value in ((OUTPUT,
        {"models": {name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for name,
            value in made.items()}, "cases": cases}), (WINDOWS, cut)):
        path.write_text(json.dumps({"origin": origin, "value": value}, separators=(",", ":"),
            ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"{path}: {len(value if isinstance(value, list) else cases)} cases, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
