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

OUTPUT = Path("Tests/TokenizersTests/Fixtures/pipeline.json")
WINDOWS = Path("Tests/QuestionAnsweringTests/Fixtures/windows.json")
FAIRSEQ = ["<s>", "<pad>", "</s>", "<unk>"]
BERT_SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
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
    pieces = unigram["vocab"][4:]
    xlm = [[token, 0.0] for token in FAIRSEQ] + pieces + [["<mask>", 0.0]]
    camembert = [["<s>NOTUSED", 0.0], ["<pad>", 0.0], ["</s>NOTUSED", 0.0], ["<unk>", 0.0], ["<unk>NOTUSED", -100]]
    camembert += [["<s>", 0.0], ["</s>", 0.0]] + pieces + [["<mask>", 0.0]]
    word_piece = trained(
        models.WordPiece(unk_token="[UNK]"),
        trainers.WordPieceTrainer(vocab_size=420, special_tokens=BERT_SPECIALS, show_progress=False,
            limit_alphabet=200),
        pre_tokenizers.BertPreTokenizer(), normalizers.BertNormalizer(lowercase=False))
    return {
        "bpe": byte_level, "bpe-vocab": byte_level["vocab"], "unigram": unigram | {"unk_id": 3, "vocab": xlm},
        "camembert": unigram | {"unk_id": 3, "vocab": camembert}, "wordpiece": word_piece,
        "charsmap": charsmap(),
    }


def charsmap():
    """A precompiled map that makes `ﬁ` `fi`, `Ａ` `A` and white space a space."""
    rules = {"ﬁ": "fi", "Ａ": "A", "\t": " ", "\u00a0": " ", "½": "1/2"}
    return base64.b64encode(character_maps.character_map(rules)).decode()


# MARK: Files


def added(content, number, **flags):
    return {"id": number, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
        "normalized": False, "special": True} | flags


def special(name, kind=0):
    return {"SpecialToken": {"id": name, "type_id": kind}}


def text(name, kind=0):
    return {"Sequence": {"id": name, "type_id": kind}}


def template(single, pair, ids):
    return {"type": "TemplateProcessing", "single": single, "pair": pair,
            "special_tokens": {name: {"id": name, "ids": [number], "tokens": [name]} for name, number in ids.items()}}


METASPACE = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
OLD_METASPACE = {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True}
SPACES = {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, METASPACE]}
PRECOMPILED = {"type": "Precompiled", "precompiled_charsmap": "@charsmap"}
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
FILE = {"tokenizer_class": "PreTrainedTokenizerFast"}
BERT_NORMALIZER = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
    "lowercase": False}


def sequence(key, *parts):
    return {"type": "Sequence", key: list(parts)}


def file(**sections):
    base = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
        "pre_tokenizer": None,
            "post_processor": None, "decoder": None}
    return base | sections


def roberta_file(prefix=False, **sections):
    return file(**{
        "added_tokens": [added(token, number, normalized=True) for number,
            token in enumerate(FAIRSEQ)] + [added("<mask>", 4, lstrip=True)],
        "pre_tokenizer": BYTE_LEVEL | {"add_prefix_space": prefix}, "decoder": BYTE_LEVEL | {"add_prefix_space": True},
        "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": True,
            "add_prefix_space": prefix},
        "model": "@bpe", **sections})


def xlm_file(mask, **sections):
    specials = [added(token, number) for number, token in enumerate(FAIRSEQ)] + [added("<mask>", mask, lstrip=True)]
    pair = [special("<s>"), text("A"), special("</s>"), special("</s>"), text("B"), special("</s>")]
    return file(**{
        "added_tokens": specials, "normalizer": PRECOMPILED, "pre_tokenizer": SPACES, "decoder": METASPACE,
        "post_processor": template([special("<s>"), text("A"), special("</s>")], pair, {"<s>": 0, "</s>": 2}),
        "model": "@unigram", **sections})


def camembert_file(mask):
    file = xlm_file(mask, model="@camembert")
    file["added_tokens"] = [added("<s>NOTUSED", 0), added("<pad>", 1), added("</s>NOTUSED", 2), added("<unk>", 3),
        added("<s>", 5), added("</s>", 6),
                            added("<mask>", mask, lstrip=True)]
    for name, number in (("<s>", 5), ("</s>", 6)):
        file["post_processor"]["special_tokens"][name]["ids"] = [number]
    return file


def bert_file(**sections):
    single = [special("[CLS]"), text("A"), special("[SEP]")]
    return file(**{
        "added_tokens": [added(token, number) for number, token in enumerate(BERT_SPECIALS)],
        "normalizer": BERT_NORMALIZER,
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "post_processor": template(single, single + [text("B", 1), special("[SEP]", 1)], {"[CLS]": 2, "[SEP]": 3}),
        "model": "@wordpiece", **sections})


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
    yield "CamemBERT with its own list", camembert | {"tokenizer.json": camembert_file(masks["camembert"]),
        "tokenizer_config.json": {
        "tokenizer_class": "CamembertTokenizer", "additional_special_tokens": ["<s>NOTUSED"]}}, {}
    for name, kind in (("DistilBERT", "distilbert"), ("ELECTRA", "electra")):
        yield name, {"config.json": {"model_type": kind}, "tokenizer.json": bert_file(),
            "tokenizer_config.json": {"do_lower_case": False}}, {"windows": name == "DistilBERT"}
        yield name + " of its class", {"config.json": {"model_type": kind}, "tokenizer.json": bert_file(),
            "tokenizer_config.json": {
            "do_lower_case": False, "tokenizer_class": f"{'DistilBert' if kind == 'distilbert' else 'Electra'}Tokenizer"}}, {}


def parts(masks):
    """Single parts of a file that counts as it stands."""
    plain = {"config.json": {"model_type": "bert"}, "tokenizer_config.json": FILE}
    replace = lambda pattern, content: {"type": "Replace", "pattern": pattern, "content": content}
    normalizers = {
        "NFC": {"type": "NFC"}, "NFD": {"type": "NFD"}, "NFKC": {"type": "NFKC"}, "NFKD": {"type": "NFKD"},
        "StripAccents": {"type": "StripAccents"},
        "NFD, Lowercase, StripAccents": sequence("normalizers", {"type": "NFD"}, {"type": "Lowercase"},
            {"type": "StripAccents"}),
        "Lowercase, BertNormalizer": sequence("normalizers", {"type": "Lowercase"}, BERT_NORMALIZER),
        "Nmt": {"type": "Nmt"},
        "Strip": {"type": "Strip", "strip_left": True, "strip_right": True}, "Strip at the left, NFKC": sequence(
            "normalizers", {"type": "Strip", "strip_left": True, "strip_right": False}, {"type": "NFKC"}),
        "Prepend": {"type": "Prepend", "prepend": "quay "}, "Replace a text": replace({"String": "qu"}, "k"),
        "Replace and remove": replace({"String": "a"}, ""),
        "Replace white space": replace({"Regex": r"\s+"}, " "),
        "Replace a class": replace({"Regex": "[a-c\\d]{2,}"}, "éé"),
        "NFKC, Replace, Prepend": sequence("normalizers", {"type": "NFKC"}, replace({"Regex": r"[^\w\s]"}, " - "),
            {"type": "Prepend", "prepend": "東"}),
    }
    for name, section in normalizers.items():
        yield f"normalizer {name}", plain | {"tokenizer.json": bert_file(normalizer=section)}, {}
        if name in ("NFKC", "NFC", "Nmt", "NFKC, Replace, Prepend"):
            yield f"normalizer {name} before BPE", plain | {"tokenizer.json": roberta_file(normalizer=section)}, {}
            yield f"normalizer {name} before Unigram", plain | {
                "tokenizer.json": xlm_file(masks["unigram"], normalizer=section)}, {}
    split = lambda pattern, behavior, invert=False: {"type": "Split", "pattern": pattern, "behavior": behavior,
        "invert": invert}
    gpt2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
    pre_tokenizers = {
        "Whitespace": {"type": "Whitespace"}, "WhitespaceSplit": {"type": "WhitespaceSplit"},
        "Digits": {"type": "Digits", "individual_digits": False},
        "Digits one by one": {"type": "Digits", "individual_digits": True}, "none": None,
        "WhitespaceSplit, Punctuation, Digits": sequence("pretokenizers", {"type": "WhitespaceSplit"},
            {"type": "Punctuation", "behavior": "Contiguous"}, {"type": "Digits", "individual_digits": True}),
        "Split by words": sequence("pretokenizers", split({"Regex": r"\w+|[^\w\s]+"}, "Removed", True)),
        "Metaspace": METASPACE,
        "Split at white space": split({"Regex": r"\s+"}, "Removed"),
        "BertPreTokenizer, Metaspace": sequence("pretokenizers", {"type": "BertPreTokenizer"},
            METASPACE | {"prepend_scheme": "first"}),
        "Split as GPT-2": sequence("pretokenizers", split({"Regex": gpt2}, "Isolated"),
            BYTE_LEVEL | {"use_regex": False}),
        "Split as GPT-2, removed": sequence("pretokenizers", split({"Regex": gpt2}, "Removed", True),
            BYTE_LEVEL | {"use_regex": False, "add_prefix_space": True}),
        "Whitespace, ByteLevel": sequence("pretokenizers", {"type": "Whitespace"},
            BYTE_LEVEL | {"add_prefix_space": True}),
        "Digits, ByteLevel": sequence("pretokenizers", {"type": "Digits", "individual_digits": True}, BYTE_LEVEL),
        "whole ByteLevel": BYTE_LEVEL | {"use_regex": False},
    }
    for behavior in ("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"):
        pre_tokenizers[f"Punctuation, {behavior}"] = {"type": "Punctuation", "behavior": behavior}
        pre_tokenizers[f"Split, {behavior}"] = split({"String": "-"}, behavior)
        pre_tokenizers[f"inverted Split, {behavior}"] = split({"Regex": "[a-z]+"}, behavior, True)
    for name, section in pre_tokenizers.items():
        if "ByteLevel" in json.dumps(section):
            yield f"pre_tokenizer {name}", plain | {"tokenizer.json": roberta_file(pre_tokenizer=section)}, {}
        else:
            yield f"pre_tokenizer {name}", plain | {"tokenizer.json": bert_file(pre_tokenizer=section)}, {}
        if "Metaspace" in json.dumps(section) or name in ("none", "Whitespace", "Digits"):
            yield f"pre_tokenizer {name} before Unigram", plain | {
                "tokenizer.json": xlm_file(masks["unigram"], pre_tokenizer=section)}, {}
    for scheme in ("first", "never", "always"):
        for parts in ([METASPACE | {"prepend_scheme": scheme}],
            [{"type": "WhitespaceSplit"}, METASPACE | {"prepend_scheme": scheme, "split": False}]):
            yield f"Metaspace, {scheme}, {len(parts)}", plain | {"tokenizer.json": xlm_file(
                masks["unigram"], normalizer={"type": "Strip", "strip_left": True, "strip_right": False},
                pre_tokenizer=sequence("pretokenizers", *parts), decoder=METASPACE | {"prepend_scheme": scheme})}, {}
    roberta_ids = {"<s>": 0, "</s>": 2, "<pad>": 1}
    around = [special("<s>"), special("<pad>"), text("A"), special("</s>")]
    processors = {
        "template with two tokens before": template(around, around + [text("B", 1), special("</s>", 1)], roberta_ids),
        "template with segments for RoBERTa": template([special("<s>", 1), text("A", 1), special("</s>", 1)], [
            special("<s>", 1), text("A", 1), special("</s>", 0), special("</s>", 0), text("B", 0), special("</s>", 1)],
                roberta_ids),
        "template without a token between": template(around,
            [special("<s>"), text("A"), text("B", 1), special("</s>", 1)], roberta_ids),
        "ByteLevel and template": sequence("processors", BYTE_LEVEL,
            template(around, around + [text("B", 1), special("</s>", 1)], roberta_ids)),
        "BertProcessing": {"type": "BertProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0]},
        "RobertaProcessing without trimming": {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0],
            "trim_offsets": False, "add_prefix_space": True},
        "a name for two tokens": {"type": "TemplateProcessing", "single": [special("X"), text("A"), special("</s>")],
            "pair": [special("X"), text("A"), special("X"), text("B", 1), special("</s>", 1)],
                                  "special_tokens": {"X": {"id": "X", "ids": [0, 1], "tokens": ["<s>", "<pad>"]},
                                      "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]}}},
    }
    for name, section in processors.items():
        yield f"post_processor {name}", plain | {"tokenizer.json": roberta_file(post_processor=section)}, {}
    decoders = {
        "none": None, "BPEDecoder": {"type": "BPEDecoder", "suffix": "t"}, "Fuse": {"type": "Fuse"},
        "ByteLevel": BYTE_LEVEL,
        "Replace, ByteFallback, Fuse, Strip": sequence("decoders", replace({"String": "##"}, " "),
            {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": "[", "start": 1, "stop": 0}),
        "Strip": {"type": "Strip", "content": "e", "start": 1, "stop": 2},
        "WordPiece": {"type": "WordPiece", "prefix": "##", "cleanup": False},
        "Metaspace, never": METASPACE | {"prepend_scheme": "never"},
    }
    for name, section in decoders.items():
        yield f"decoder {name}", plain | {"tokenizer.json": bert_file(decoder=section)}, {"kind": "decoder",
            "cleanup": name != "WordPiece"}


def refusals(masks):
    """What BertQA does not do."""
    plain = {"config.json": {"model_type": "roberta"}, "tokenizer_config.json": FILE}
    say = lambda name, files, refused: (name, files, {"refused": refused})
    yield say("an unknown normalizer", plain | {"tokenizer.json": roberta_file(normalizer={"type": "ByteLevel"})},
        "its normalizer has the part ByteLevel")
    yield say("an expression",
        plain | {"tokenizer.json": roberta_file(
            normalizer={"type": "Replace", "pattern": {"Regex": "(a|b)c"}, "content": ""})},
                "the regular expression \"(a|b)c\"")
    yield say("an unknown pre_tokenizer",
        plain | {"tokenizer.json": roberta_file(pre_tokenizer={"type": "UnicodeScripts"})},
        "its pre_tokenizer has the part UnicodeScripts")
    yield say("an unknown decoder", plain | {"tokenizer.json": roberta_file(decoder={"type": "CTC"})},
        "its decoder has the part CTC")
    yield say("B before A", plain
        | {"tokenizer.json": roberta_file(
            post_processor=template([special("<s>"), text("A")],
                [special("<s>"), text("B"), text("A"), special("</s>")], {"<s>": 0, "</s>": 2}))}, "without one text A")
    yield say("nothing before A",
        plain | {"tokenizer.json": roberta_file(
            post_processor=template([text("A"), special("</s>")],
                [text("A"), special("</s>"), text("B"), special("</s>")], {"</s>": 2}))},
                    "without a token before the first text")
    yield say("no template", plain | {"tokenizer.json": roberta_file(post_processor=BYTE_LEVEL)},
        "it has no post_processor")
    yield say("WordLevel", plain
        | {"tokenizer.json": roberta_file(model={"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"})},
        "holds a WordLevel model")
    yield say("WordPiece for RoBERTa", {"config.json": {"model_type": "roberta"}, "tokenizer.json": bert_file()},
        "it holds a WordPiece model, but the folder's tokenizer class, RobertaTokenizer, needs BPE")
    yield say("nothing for RoBERTa", {"config.json": {"model_type": "roberta"}},
        "neither tokenizer.json nor vocab.json with merges.txt")
    yield say("nothing for XLM-RoBERTa", {"config.json": {"model_type": "xlm-roberta"}},
        "neither tokenizer.json nor sentencepiece.bpe.model")
    yield say("another id in the template",
        plain | {"tokenizer.json": roberta_file(
            post_processor={"type": "RobertaProcessing", "sep": ["</s>", 3], "cls": ["<s>", 0], "trim_offsets": True,
                "add_prefix_space": False})}, "has the id 3 for </s>")
    yield say("a flag that is a text",
        plain | {"tokenizer.json": roberta_file(pre_tokenizer=BYTE_LEVEL | {"add_prefix_space": "no"})},
        "add_prefix_space of its pre_tokenizer ByteLevel must be true or false")
    yield say("another algorithm's class",
        {"config.json": {"model_type": "bert"}, "tokenizer.json": bert_file(),
            "tokenizer_config.json": {"tokenizer_class": "T5TokenizerFast"}}, "T5TokenizerFast")


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
    return made, cases + list(parts(masks)) + list(refusals(masks))


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
    origin = f"transformers {transformers.__version__}, tokenizers {tokenizers.__version__}, Tools/make_pipeline_fixtures.py"
    for path, value in ((OUTPUT,
        {"models": {name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for name,
            value in made.items()}, "cases": cases}), (WINDOWS, cut)):
        path.write_text(json.dumps({"origin": origin, "value": value}, separators=(",", ":"),
            ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"{path}: {len(value if isinstance(value, list) else cases)} cases, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
