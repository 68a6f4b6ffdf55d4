"""Writes Tests/TokenizersTests/Fixtures/folders.json: model folders in the forms that programs have written since 2018,
and what the pinned transformers makes of each.

A case holds the files of a folder, and ids, offsets and spellings of a few texts and a pair as
`AutoTokenizer.from_pretrained` gives them. `told` is a word that a warning must contain. Where BertQA refuses a folder,
`refused` has a part of the message and nothing is computed. The folders are written out by hand, as the old programs no
longer install; the form of transformers 5 is saved by the library itself.

Use: python Tools/make_tokenizer_folder_fixtures.py
"""

import copy
import json
import os
import tempfile
from pathlib import Path

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import transformers
from transformers import AutoTokenizer, BertTokenizer

OUTPUT = Path("Tests/TokenizersTests/Fixtures/folders.json")
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = """[unused1] [unused2] the The north North quay Quay ##s ferry isn ' t ##t late . , a A b B where is
école ecole École 東 京 ##京 mask new ##tok other < > q [ ] / s x ##x""".split()
VOCABULARY = SPECIALS + WORDS
TEXTS = [
    "The North quays, THE NORTH QUAY.", "École école ecole isn't", "東京 東 京A", "a [MASK] b[SEP][unused1] [PAD]",
    "newtok Newtok NEWTOK xnewtokx other  <q>  b </s>", "x" * 12, "", "where zebra is",
]
PAIR = ["Where is the Quay?", "The North quay [MASK] newtok."]
BERT = {"model_type": "bert"}


def lines(vocabulary=VOCABULARY, end="\n"):
    return "".join(token + end for token in vocabulary)


def named(*names):
    """Vocabulary whose special tokens are spelled otherwise."""
    return list(names) + WORDS


def added(content, number, **flags):
    return {"id": number, "content": content, **flag_set(**flags)}


def flag_set(**flags):
    return {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True} | flags


def fast_file(lower=False, **changes):
    """A tokenizer.json; `model` changes single settings of the model section, the other names replace whole
    sections."""
    model = {
        "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
        "vocab": {token: number for number, token in enumerate(VOCABULARY)},
    }
    step = lambda name, kind: {"SpecialToken": {"id": name, "type_id": kind}}
    text = lambda name, kind: {"Sequence": {"id": name, "type_id": kind}}
    single = [step("[CLS]", 0), text("A", 0), step("[SEP]", 0)]
    special = lambda name: {"id": name, "ids": [VOCABULARY.index(name)], "tokens": [name]}
    file = {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [added(token, number) for number, token in enumerate(SPECIALS)],
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
            "strip_accents": None, "lowercase": lower},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing", "single": single, "pair": single + [text("B", 1), step("[SEP]", 1)],
            "special_tokens": {name: special(name) for name in ("[CLS]", "[SEP]")},
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True}, "model": model,
    }
    model.update(changes.pop("model", {}))
    file.update(changes)
    return file


def without(value, *keys):
    """A copy without the keys; a key may be a path with dots."""
    value = copy.deepcopy(value)
    for key in keys:
        *path, last = key.split(".")
        place = value
        for name in path:
            place = place[name]
        del place[last]
    return value


def cased(**settings):
    return {"do_lower_case": False, **settings}


def decoder_of_version_4(*more):
    tokens = [(number, token, {}) for number, token in enumerate(SPECIALS)] + list(more)
    return {str(number): {"content": token, **flag_set(**flags)} for number, token, flags in tokens}


def saved_by_version_5():
    """What the library writes itself, with added tokens."""
    tokenizer = BertTokenizer(vocab={token: number for number, token in enumerate(VOCABULARY)}, do_lower_case=False)
    tokenizer.add_tokens(["newtok", transformers.AddedToken("<q>", lstrip=True, rstrip=True, special=True)])
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        return {path.name: path.read_text(encoding="utf-8") for path in Path(folder).iterdir()}


def many_added(count):
    number = len(VOCABULARY)
    return [added(token, i) for i, token in enumerate(SPECIALS)] + [
        added(f"cmpd{i:03d}x", number + i, normalized=True, special=False) for i in range(count)]


BERT_PROCESSING = {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}
ROBERTA = {"type": "RobertaProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2], "trim_offsets": True,
    "add_prefix_space": False}
SEQUENCE = lambda *types: {"type": "Sequence", "normalizers": [{"type": kind} for kind in types]}
BERT_NORMALIZER = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
    "lowercase": False}
FILE = {"tokenizer_class": "PreTrainedTokenizerFast"}
NEW = len(VOCABULARY)


def same_type_template():
    file = fast_file()
    for step in file["post_processor"]["pair"]:
        next(iter(step.values()))["type_id"] = 0
    return file


def renamed(file, **pairs):
    """The file with other spellings of special tokens."""
    text = json.dumps(file)
    for old, new in pairs.items():
        text = text.replace(f"[{old}]", new)
    return json.loads(text)


def history():
    """The forms that programs wrote, from the oldest on."""
    plain = {"config.json": BERT, "vocab.txt": lines()}
    maps = {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]",
        "mask_token": "[MASK]"}
    yield "vocab.txt alone", plain, {}
    yield "only do_lower_case", plain | {"tokenizer_config.json": cased()}, {}
    yield "transformers 3", plain | {
        "tokenizer_config.json": cased(model_max_length=512, special_tokens_map_file=None, full_tokenizer_file=None),
        "special_tokens_map.json": maps, "added_tokens.json": {"newtok": NEW, "<q>": NEW + 1}}, {}
    yield "transformers 3 with extra special tokens", plain | {
        "tokenizer_config.json": cased(),
        "special_tokens_map.json": maps | {"additional_special_tokens": ["<q>", "[unused1]"]},
        "added_tokens.json": {"<q>": NEW}}, {}
    yield "tokenizers 0.8", {"config.json": BERT, "tokenizer_config.json": cased(), "tokenizer.json": without(
        fast_file(post_processor=BERT_PROCESSING), "model.type")}, {}
    yield "added tokens without flags", {"config.json": BERT, "tokenizer_config.json": cased(),
        "tokenizer.json": fast_file(
        added_tokens=[{"id": i, "content": token, "special": True} for i,
            token in enumerate(SPECIALS)] + [{"id": NEW, "content": "newtok"}])}, {}
    yield "tokenizers 0.8 in lower case", {"config.json": BERT,
        "tokenizer_config.json": {"do_lower_case": True, "model_max_length": 512}, "tokenizer.json": without(
        fast_file(lower=True, post_processor=BERT_PROCESSING), "model.type")}, {}
    yield "transformers 4", {"config.json": BERT, "vocab.txt": lines(), "tokenizer.json": fast_file(
        added_tokens=fast_file()["added_tokens"] + [added("newtok", NEW, normalized=True, special=False)]),
        "special_tokens_map.json": {
            key: {"content": value, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
                                    for key, value in maps.items()},
        "tokenizer_config.json": cased(clean_up_tokenization_spaces=True,
            model_max_length=1000000000000000019884624838656,
            never_split=None, do_basic_tokenize=True, tokenizer_class="BertTokenizer", tokenize_chinese_chars=True,
            strip_accents=None,
            added_tokens_decoder=decoder_of_version_4((NEW, "newtok", {"normalized": True, "special": False})),
            **maps)}, {}
    yield "transformers 4 without tokenizer.json", plain | {
        "tokenizer_config.json": cased(tokenizer_class="BertTokenizerFast", added_tokens_decoder=decoder_of_version_4(
            (NEW, "newtok", {"normalized": True, "special": False}),
            (NEW + 1, "<q>", {"lstrip": True, "rstrip": True})))}, {}
    yield "transformers 5", {"config.json": BERT} | saved_by_version_5(), {}
    yield "tokenizer.json alone", {"tokenizer.json": fast_file()}, {}
    yield "no model_type", {"config.json": {"architectures": ["BertForQuestionAnswering"]},
        "tokenizer.json": fast_file()}, {}
    yield "truncation and padding", {"config.json": BERT, "tokenizer_config.json": cased(), "tokenizer.json": fast_file(
        truncation={"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0})}, {
            "truncates": True}


def contradictions():
    """Files that say different things: as transformers, and told."""
    plain = {"config.json": BERT, "vocab.txt": lines(), "tokenizer_config.json": cased()}
    fast = {"config.json": BERT, "tokenizer.json": fast_file(), "tokenizer_config.json": cased()}
    yield "do_lower_case beside a file that lower-cases", fast | {"tokenizer.json": fast_file(lower=True)}, {
        "told": "do_lower_case"}
    yield "no do_lower_case beside a cased file", {"config.json": BERT,
        "tokenizer.json": fast_file()}, {"told": "do_lower_case"}
    yield "strip_accents beside a file that keeps them", fast | {"tokenizer_config.json": cased(strip_accents=True)}, {
        "told": "strip_accents"}
    yield "tokenize_chinese_chars", fast | {"tokenizer_config.json": cased(tokenize_chinese_chars=False)}, {
        "told": "tokenize_chinese_chars"}
    yield "never_split", fast | {"tokenizer_config.json": cased(never_split=["[unused1]"])}, {"told": "never_split"}
    yield "do_basic_tokenize", plain | {"tokenizer_config.json": cased(do_basic_tokenize=False)}, {
        "told": "do_basic_tokenize"}
    yield "a sequence of normalizers beside BertTokenizer", fast | {
        "tokenizer.json": fast_file(normalizer=SEQUENCE("NFD", "Lowercase", "StripAccents"))}, {
        "told": "Sequence of NFD, Lowercase, StripAccents"}
    yield "another pre_tokenizer beside BertTokenizer", fast | {
        "tokenizer.json": fast_file(pre_tokenizer={"type": "Whitespace"})}, {"told": "Whitespace"}
    yield "another prefix beside BertTokenizer", fast | {
        "tokenizer.json": fast_file(model={"continuing_subword_prefix": "@@"})}, {"told": "continuing_subword_prefix"}
    yield "RoBERTa's template beside BertTokenizer", fast | {"tokenizer.json": fast_file(post_processor=ROBERTA)}, {
        "told": "type_id of the second text"}
    yield "another longest word beside BertTokenizer", fast | {
        "tokenizer.json": fast_file(model={"max_input_chars_per_word": 10})}, {"told": "max_input_chars_per_word"}
    yield "texts that are not cleaned beside BertTokenizer", fast | {
        "tokenizer.json": fast_file(normalizer=BERT_NORMALIZER | {"clean_text": False})}, {"told": "clean_text"}
    yield "a file as it stands beside do_lower_case", fast | {"tokenizer_config.json": FILE
        | {"do_lower_case": True}}, {"told": "do_lower_case"}
    yield "special_tokens_map.json over tokenizer_config.json", plain | {
        "vocab.txt": lines(VOCABULARY + ["<s>"]), "tokenizer_config.json": cased(cls_token="[CLS]"),
        "special_tokens_map.json": {"cls_token": "<s>"}}, {}
    yield "added_tokens_decoder over special_tokens_map.json", plain | {
        "tokenizer_config.json": cased(added_tokens_decoder=decoder_of_version_4()),
        "special_tokens_map.json": {"mask_token": "<q>"}}, {"told": "mask_token"}
    yield "added_tokens_decoder over added_tokens.json", plain | {
        "tokenizer_config.json": cased(added_tokens_decoder=decoder_of_version_4()),
        "added_tokens.json": {"newtok": NEW}}, {"told": "newtok"}
    yield "added_tokens_decoder over tokenizer.json", fast | {
        "tokenizer_config.json": cased(added_tokens_decoder=decoder_of_version_4()),
        "tokenizer.json": fast_file(added_tokens=fast_file()["added_tokens"] + [added("newtok", NEW)])}, {
        "told": "newtok"}
    yield "other flags in added_tokens_decoder", fast | {
        "tokenizer_config.json": cased(added_tokens_decoder=decoder_of_version_4((4, "[MASK]", {"lstrip": True})))}, {
        "told": "[MASK]"}
    yield "other flags in added_tokens_decoder beside a file as it stands", {"config.json": BERT,
        "tokenizer_config.json": FILE | {
        "added_tokens_decoder": decoder_of_version_4((NEW, "newtok", {"single_word": True, "special": False}))},
            "tokenizer.json": fast_file(
        added_tokens=fast_file()["added_tokens"] + [added("newtok", NEW, normalized=True, special=False)])}, {
            "told": "newtok"}
    yield "two lists of special tokens", plain | {
        "tokenizer_config.json": cased(additional_special_tokens=["newtok"]),
        "special_tokens_map.json": {"additional_special_tokens": ["<q>"]}}, {"told": "<q>"}
    yield "added_tokens.json beside tokenizer.json", fast | {"added_tokens.json": {"newtok": NEW, "other": 27}}, {
        "told": "other"}
    yield "other ids in added_tokens.json", plain | {"added_tokens.json": {"newtok": NEW + 9, "<q>": NEW + 4}}, {
        "told": "newtok"}
    yield "vocab.txt of another model", fast | {"vocab.txt": lines(VOCABULARY[:-2])}, {"told": "vocab.txt"}
    yield "vocab.txt with other tokens", fast | {"vocab.txt": lines(VOCABULARY[:8] + ["tower"] + VOCABULARY[9:])}, {
        "told": "tower"}
    yield "a class that nobody knows", fast | {"tokenizer_config.json": {"tokenizer_class": "HarbourTokenizer"}}, {
        "told": "HarbourTokenizer"}
    yield "a class in config.json", {"config.json": BERT | FILE, "tokenizer.json": fast_file()}, {}


def vocabularies():
    """Vocabularies that are not a plain list."""
    plain = {"config.json": BERT, "tokenizer_config.json": cased()}
    double = VOCABULARY + ["The", "harbour"]
    yield "a token twice", plain | {"vocab.txt": lines(double)}, {"told": "\"The\""}
    yield "a token twice, and added ones", plain | {"vocab.txt": lines(double),
        "added_tokens.json": {"newtok": len(double), "<q>": len(double) + 1}}, {"told": "harbour"}
    holes = fast_file()
    holes["model"]["vocab"]["late"] = NEW + 30
    yield "holes", plain | {"tokenizer.json": holes}, {"told": "without a token"}
    yield "holes in a file as it stands", {"config.json": BERT, "tokenizer_config.json": FILE,
        "tokenizer.json": holes}, {"told": "without a token"}
    yield "holes, and an added token", plain | {"tokenizer.json": holes
        | {"added_tokens": holes["added_tokens"] + [added("newtok", NEW + 31, normalized=True, special=False)]}}, {
        "told": "newtok"}
    yield "CR LF", plain | {"vocab.txt": lines(end="\r\n")}, {}
    yield "white space behind tokens", plain | {"vocab.txt": lines(end=" \t\u3000\u00a0\n")}, {}
    yield "white space before a token", plain | {
        "vocab.txt": lines([" quay" if token == "quay" else token for token in VOCABULARY])}, {}
    yield "an empty line", plain | {"vocab.txt": lines(["" if token == "late" else token for token in VOCABULARY])}, {}
    yield "a byte order mark", plain | {"vocab.txt": "\ufeff" + lines()}, {"told": "byte order mark"}
    yield "no line break at the end", plain | {"vocab.txt": lines()[:-1]}, {}
    yield "no [MASK]", plain | {"vocab.txt": lines([token for token in VOCABULARY if token != "[MASK]"])}, {}
    yield "other spellings of special tokens", plain | {
        "vocab.txt": lines(named("<pad>", "<unk>", "<s>", "</s>", "<mask>")),
        "special_tokens_map.json": {"unk_token": "<unk>", "sep_token": "</s>", "pad_token": "<pad>", "cls_token": "<s>",
            "mask_token": "<mask>"}}, {}
    yield "other spellings in tokenizer_config.json", {"config.json": BERT,
        "vocab.txt": lines(named("<pad>", "<unk>", "<s>", "</s>", "<mask>")),
        "tokenizer_config.json": cased(unk_token="<unk>", sep_token="</s>", pad_token="<pad>", cls_token="<s>",
                                       mask_token={"__type": "AddedToken",
                                           "content": "<mask>"} | without(flag_set(lstrip=True), "special"))}, {}
    yield "special tokens beyond the vocabulary", plain | {"tokenizer_config.json": cased(
        bos_token="<q>", additional_special_tokens=["[unused1]", "newtok"], image_token="other")}, {
            "files": {"vocab.txt": lines()}}
    yield "split_special_tokens", plain | {"vocab.txt": lines(),
        "tokenizer_config.json": cased(split_special_tokens=True)}, {}
    yield "many added tokens", plain | {"tokenizer.json": fast_file(added_tokens=many_added(30))}, {
        "texts": ["The cmpd007x, CMPD008X cmpd030x cmpd0xx."]}


def sections():
    """Sections of a tokenizer.json that counts as it stands."""
    plain = {"config.json": BERT, "tokenizer_config.json": FILE}
    yield "as it stands", plain | {"tokenizer.json": fast_file()}, {}
    yield "BertProcessing", plain | {"tokenizer.json": fast_file(post_processor=BERT_PROCESSING)}, {}
    yield "a sequence of one normalizer", plain | {
        "tokenizer.json": fast_file(normalizer={"type": "Sequence", "normalizers": [BERT_NORMALIZER]})}, {}
    yield "BertNormalizer and Lowercase", plain | {
        "tokenizer.json": fast_file(
            normalizer={"type": "Sequence", "normalizers": [BERT_NORMALIZER, {"type": "Lowercase"}]})}, {}
    yield "Lowercase alone", plain | {"tokenizer.json": fast_file(normalizer={"type": "Lowercase"})}, {}
    yield "a sequence of normalizers", plain | {
        "tokenizer.json": fast_file(normalizer=SEQUENCE("NFD", "Lowercase", "StripAccents"))}, {}
    yield "Lowercase before BertNormalizer", plain | {
        "tokenizer.json": fast_file(
            normalizer={"type": "Sequence", "normalizers": [{"type": "Lowercase"}, BERT_NORMALIZER]})}, {}
    yield "white space only", plain | {"tokenizer.json": fast_file(pre_tokenizer={"type": "Whitespace"})}, {}
    yield "no normalizer", plain | {"tokenizer.json": fast_file(normalizer=None)}, {}
    yield "a sequence of one pre_tokenizer", plain | {
        "tokenizer.json": fast_file(
            pre_tokenizer={"type": "Sequence", "pretokenizers": [{"type": "BertPreTokenizer"}]})}, {}
    yield "another prefix", plain | {"tokenizer.json": renamed_prefix("@@")}, {}
    yield "no prefix", plain | {"tokenizer.json": fast_file(model={"continuing_subword_prefix": ""})}, {}
    yield "short words", plain | {"tokenizer.json": fast_file(model={"max_input_chars_per_word": 10})}, {}
    yield "other spellings", plain | {
        "tokenizer.json": renamed(fast_file(), CLS="<s>", SEP="</s>", UNK="<unk>", MASK="<mask>")}, {}
    yield "one segment", plain | {"tokenizer.json": same_type_template()}, {}
    yield "added tokens with flags", plain | {"tokenizer.json": fast_file(added_tokens=fast_file()["added_tokens"] + [
        added("newtok", NEW, normalized=True, special=False), added("<q>", NEW + 1, lstrip=True, rstrip=True),
        added("other", 37, single_word=True, special=False)])}, {}


def renamed_prefix(prefix):
    file = fast_file(model={"continuing_subword_prefix": prefix})
    vocabulary = file["model"]["vocab"]
    file["model"]["vocab"] = {(prefix + token[2:] if token.startswith("##") else token): number for token,
        number in vocabulary.items()}
    return file


def refusals():
    """What BertQA does not do."""
    plain = {"config.json": BERT, "vocab.txt": lines()}
    file = {"config.json": BERT, "tokenizer_config.json": FILE}
    japanese = {"tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": "mecab",
        "subword_tokenizer_type": "wordpiece"}
    yield "MeCab", plain | {"tokenizer_config.json": japanese}, {"refused": "word_tokenizer_type is mecab"}
    yield "Sudachi under BERT's class", plain | {
        "tokenizer_config.json": cased(tokenizer_class="BertTokenizer", word_tokenizer_type="sudachi")}, {
        "refused": "word_tokenizer_type is sudachi"}
    yield "characters", plain | {"tokenizer_config.json": cased(subword_tokenizer_type="character")}, {
        "refused": "subword_tokenizer_type is character"}
    yield "a class of config.json", plain | {"config.json": BERT
        | {"tokenizer_class": "BertJapaneseTokenizer"}}, {
        "refused": "config.json: tokenizer_class is BertJapaneseTokenizer"}
    yield "another algorithm's class", plain | {"tokenizer_config.json": {"tokenizer_class": "RobertaTokenizerFast"}}, {
        "refused": "neither tokenizer.json nor vocab.json with merges.txt"}
    yield "jieba", plain | {"tokenizer_config.json": {"tokenizer_class": "RoFormerTokenizer"}}, {
        "refused": "RoFormerTokenizer"}
    yield "an unknown class without tokenizer.json", plain | {
        "tokenizer_config.json": {"tokenizer_class": "HarbourTokenizer"}}, {"refused": "needs a tokenizer.json"}
    yield "do_lower_case that is a text", plain | {"tokenizer_config.json": {"do_lower_case": "false"}}, {
        "refused": "do_lower_case must be true or false"}
    yield "tokenize_chinese_chars that is null", plain | {"tokenizer_config.json": {"tokenize_chinese_chars": None}}, {
        "refused": "tokenize_chinese_chars must be"}
    yield "cls_token that is null", plain | {"tokenizer_config.json": {"cls_token": None}}, {
        "refused": "cls_token is null"}
    yield "no [CLS]", plain | {"vocab.txt": lines([token for token in VOCABULARY if token != "[CLS]"])}, {
        "refused": "has no [CLS]"}
    yield "[UNK] only as an added token", plain | {
        "vocab.txt": lines([token for token in VOCABULARY if token != "[UNK]"]),
        "added_tokens.json": {"[UNK]": NEW - 1}}, {"refused": "has no [UNK]"}
    yield "old line breaks", plain | {"vocab.txt": lines(end="\r")}, {"refused": "has no [CLS]"}
    yield "a pointer of Git LFS", plain | {
        "tokenizer.json": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"}, {
        "refused": "git lfs pull"}
    yield "no template", file | {"tokenizer.json": fast_file(post_processor=None)}, {"refused": "no post_processor"}
    yield "another template", file | {
        "tokenizer.json": json.loads(json.dumps(fast_file()).replace('"id": "B"', '"id": "A"'))}, {
        "refused": "without one text A"}
    yield "ids of the template", file | {
        "tokenizer.json": fast_file(
            post_processor={"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 4]})}, {
                "refused": "has the id 4 for [CLS]"}
    yield "bytes", file | {"tokenizer.json": fast_file(model={"type": "BPE", "merges": [], "byte_fallback": True})}, {
        "refused": "byte_fallback"}
    yield "an id beyond all bounds", file | {
        "tokenizer.json": fast_file(model={"vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 4_000_000_000}})}, {
        "refused": "the id of \"[SEP]\" is 4000000000"}


def expectation(tokenizer, first, second=None):
    rows = tokenizer(first, second, return_offsets_mapping=True, return_token_type_ids=True)
    encoding = rows.encodings[0]
    return {"first": first, "second": second, "ids": rows["input_ids"], "types": rows["token_type_ids"],
            "offsets": [edge for pair in rows["offset_mapping"] for edge in pair], "tokens": encoding.tokens}


def computed(files, options):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content.encode())
        tokenizer = AutoTokenizer.from_pretrained(folder)
    if options.get("truncates"):
        assert tokenizer.backend_tokenizer.truncation is not None
    tokenizer.backend_tokenizer.no_truncation()
    texts = options.get("texts", TEXTS)
    return [expectation(tokenizer, text) for text in texts] + ([] if "texts" in options
        else [expectation(tokenizer, *PAIR)])


def main():
    cases = []
    for section in (history, contradictions, vocabularies, sections, refusals):
        for name, files, options in section():
            files = {key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for key,
                value in (files | options.get("files", {})).items()}
            case = {"name": name, "files": files, "told": options.get("told"), "refused": options.get("refused")}
            case["rows"] = [] if case["refused"] else computed(files, options)
            cases.append(case)
    assert len({case["name"] for case in cases}) == len(cases)
    origin = f"transformers {transformers.__version__}, Tools/make_tokenizer_folder_fixtures.py"
    OUTPUT.write_text(json.dumps({"origin": origin, "value": cases}, separators=(",", ":"), ensure_ascii=False) + "\n",
        encoding="utf-8")
    print(f"{len(cases)} folders")


if __name__ == "__main__":
    main()
