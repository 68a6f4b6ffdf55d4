"""The files of small tokenizers of each family, and every part that a tokenizer.json may have: what
Tools/make_pipeline_fixtures.py writes fixtures of. In the files "@name" stands for a model that it trains."""

import json

FAIRSEQ = ["<s>", "<pad>", "</s>", "<unk>"]
BERT_SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


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


# MARK: Parts


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
        "Strip": {"type": "Strip", "content": "e", "start": 1, "stop": 1},
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
