"""Writes Tests/TokenizersTests/Fixtures: what the pinned `tokenizers` library gives for difficult texts.

Everything comes from the library at the version of Tools/requirements.txt; the vocabularies are made here from the
fixture texts, so no model is needed. With --squad-dir and --models the digests of all questions and contexts of a SQuAD
folder are written too (the folders that the tests know as SQUAD_DIR and BERTQA_MODELS); without them the stored digests
stay.

Use: python Tools/make_tokenizer_fixtures.py [--squad-dir DIR --models DIR]
"""

import argparse
import json
import random
import unicodedata
from pathlib import Path

import tokenizers
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

import random_texts

FIXTURES = Path("Tests/TokenizersTests/Fixtures")
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SETTINGS = {  # name: vocabulary, lowercase, strip_accents, clean_text, handle_chinese_chars
    "uncased": ("uncased", True, None, True, True),
    "cased": ("cased", False, None, True, True),
    "uncased keeping accents": ("uncased", True, False, True, True),
    "cased losing accents": ("cased", False, True, True, True),
    "lower case only": ("uncased", True, False, False, False),
    "accents only": ("cased", False, True, False, False),
}
WORDS = """the of and to in un ##aff ##able affable don ##n ##t can ##not playing play ##ing ##ed ##s ##ly state Paris
paris New new York york United united States states Norman norman ##die ##y 19 ##87 2 ##0 ##1 straße strasse Strasse
##sse naive naïve Ångström angstrom istanbul ##stanbul i̇ ##i̇ office ﬁne fine 東 京 서울 ᄉ ##ᅥ москва москв ##а αθηνα
##ης ς ##ς σ ##σ été ete E\u0301 e\u0301 ##e\u0301 hello Hello world World question answer what What who is
##es""".split()

TEXTS = [
    "", " ", "\t\n\r", "Hello, World!", "unaffable", "The unaffable don't", "a", "\u0301", "a\u0301", "\u0301a",
    "E\u0301TE\u0301 été ÉTÉ",
    "naïve Ångström ﬁne office", "İstanbul İİ i\u0307 I\u0307", "STRASSE straße ẞ", "ΌΔΟΣ ὈΔΥΣΣΕΎΣ ΑΘΉΝΑΣ ς Σ",
    "Москва МОСКВА Ёлка Йод",
    "東京都 は日本の首都", "中文字符 mixed 中a文b", "\u4e00\u3400\U00020000\uf900\U0002f800", "\uf900\u0301", "서울 한국어 서 각 힣",
    "\uac00\u11a8",
    "مدينة القاهرة ١٢٣", "שָׁלוֹם עברית", "हिन्दी क्षत्रिय", "ไทย ภาษา", "தமிழ் ෙී ෝ", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝐁𝐨𝐥𝐝",
    "👩‍👩‍👧‍👦 🇫🇷 👍🏽 ☺️", "½ ① Ⅷ ² ﷺ",
    "a\x00b", "a\x01\x02b\x7f", "\x00", "\x00\x00 a", "a\x00 hello\x00", "\x00hello", "a\ufffdb",
    "a\u200bb\u200cc\u200dd\u2060e\ufeff", "a\u00adb", "\u202eabc\u202c", "a\u0085b",
    "a\u00a0b\u2003c\u3000d\u1680e\u2028f\u2029g\u202fh", "a\x0bb\x0cc\x1cd\x1fe", "\ue000a\uf8ff",
    "a\U000f0000b\U0010ffff", "\u0378\u0380 a\u05ffb",
    "\U0001fbff\U000e0100", "\ufdd0\ufffe\uffff a", "\U0001d15e\u0334\u0301", "\U0001d15e\U0001d165\u0323a",
    "\U0001d160\u0345\u0334", "a\U0001d165\u0334b",
    "a\u302e\u0334\u0301b", "\u302e\u0334a", " \u302e\u0334a", "é\u302e\u0323", "\u0344\u0323\u302fa",
    "x\u1b44\u0334\u1baay", "q\u0307\u0323 q\u0323\u0307", "\u1e9b\u0323",
    "\u0f73\u0f72\u0f71a", "\u09c7\u09be \u09cb", "\u0ddd\u0dca", "\u212b \u212a \u2126", "\u037e \u1fef \u2000a",
    "¡¿§¶·«»‹›“”‘’—–…‰†‡•", "$+<=>^`|~",
    "¢£€₹ ©®™ °±×÷ ¬", "a_b-c/d\\e", "!!!???...", "U.S.A. 3.14 1,000,000 50%", "http://example.com/a?b=c&d=e#f",
    "e-mail@example.org", "don’t can't I'm",
    "[CLS]", "[SEP] [MASK]", "a[MASK]b", "[ MASK ]", "[mask]", "[[MASK]]", "[MASK", "[MASK][MASK]", "[UNK][PAD]",
    "[CLS] hello [SEP] world [SEP]", "é[MASK]\u0301",
    "##ing ## # ##", "[unused1]", "a" * 99, "a" * 100, "a" * 101, "é" * 100, "é" * 101, "e\u0301" * 101, "İ" * 60,
    "a" * 10_000, "東" * 50, "." * 200,
    ("playing " * 20).strip(), "play" * 25, "play" * 26, "a\u0301" * 3000, "\u0301" * 5000, "\u0334\u302e" * 150,
    "hello\r\nworld\r\n", "zzzqqq unknownword ж",
    "a\u0300\u0315\u0300\u05ae\u0062", "\u1100\u1161\u11a8", "ǅ ŉ ǰ ΐ ﬀ", "ᾳ ᾼ ΰ ῼ", "Ａ Ｂ １ ！", "ⅰ Ⅻ Ⓐ ⓩ",
    "\U00010400\U00010428 \U0001e900\U0001e922", "Ა ა Ꭰ ꭰ",
]

PAIR_FIRST = ["", "who", "What is the question?", "the unaffable don't playing play " * 4]
PAIR_SECOND = ["", "answer", "The answer is Paris, the united states of hello world.",
    "Été naïve 東京 İstanbul [MASK] play\u0301ing " * 6]
ADDED = [
    dict(content="<left>", lstrip=True), dict(content="<right>", rstrip=True),
    dict(content="<both>", lstrip=True, rstrip=True),
    dict(content="ing", single_word=True), dict(content="Hello World", normalized=True, special=False),
    dict(content="[DAY]"),
    dict(content="[DAY]S"), dict(content="Été", normalized=True, special=False, rstrip=True),
    dict(content="ü", single_word=True, normalized=True),
]
ADDED_TEXTS = [
    "a  <left>  b", "a  <right>  b", "a \t<both>\u3000 b", "<left><left> <left>", "<right> <left>", " <both> <both> ",
    "ing playing ing-ing éing ing\u0301 ing_",
    "HELLO WORLD hello world héllo wörld", "hello  world", "[DAY]S [DAY] [day]s x[DAY]x", "ÉTÉ  été E\u0301TE\u0301 a",
    "Ü ü u ux xu \u0075\u0308", "<left", "", "\x00<both>\x00",
    "a<right>\n\n<right>b", "ing", " ing ", "日ing本", "[MASK]<left>[MASK]",
]


def build(vocabulary, lowercase, strip_accents, clean_text=True, chinese=True):
    """BertTokenizer as transformers builds it, the normaliser's settings free."""
    tokenizer = Tokenizer(models.WordPiece({token: i for i, token in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=clean_text, handle_chinese_chars=chinese, strip_accents=strip_accents, lowercase=lowercase
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    tokenizer.add_special_tokens([token for token in SPECIALS if token in vocabulary])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[(t, tokenizer.token_to_id(t)) for t in ("[CLS]", "[SEP]")],
    )
    return tokenizer


def fixture_texts():
    rng = random.Random(20260)
    return TEXTS + [random_texts.text(rng)[:160] for _ in range(150)]


def vocabularies(texts):
    """Small vocabularies: the words above and most characters of the texts; some are left out so that words are
    unknown."""
    made = {}
    for name, lowercase in (("uncased", True), ("cased", False)):
        normal = normalizers.BertNormalizer(lowercase=lowercase, strip_accents=False)
        characters = sorted({c for text in TEXTS
            for c in unicodedata.normalize("NFD", normal.normalize_str(text)) + normal.normalize_str(text)})
        characters = [c for c in characters if not c.isspace() and ord(c) % 17 != 5][:700]
        pieces = SPECIALS + ["[unused1]", "[unused2]"] + WORDS + characters + ["##" + c for c in characters]
        made[name] = list(dict.fromkeys(pieces))
    return made


def flat(offsets):
    return [edge for pair in offsets for edge in pair]


def encode_cases(texts, vocabulary):
    cases = [{"text": text, "expected": {}} for text in texts]
    for name, (words, *settings) in SETTINGS.items():
        tokenizer = build(vocabulary[words], *settings)
        for case in cases:
            encoding = tokenizer.encode(case["text"], add_special_tokens=False)
            case["expected"][name] = {"ids": encoding.ids, "offsets": flat(encoding.offsets)}
    return cases


def whole(encoding):
    return {
        "ids": encoding.ids, "type_ids": encoding.type_ids,
        "offsets": flat(encoding.offsets), "sequence": [-1 if s is None else s for s in encoding.sequence_ids],
    }


def pair_cases(vocabulary):
    tokenizer = build(vocabulary["uncased"], True, None)
    cases = []
    for first in PAIR_FIRST:
        for second in PAIR_SECOND:
            for strategy in ("only_second", "longest_first", "only_first"):
                for length in (None, 3, 4, 5, 8, 9, 16, 33, 64):
                    if length is None:
                        tokenizer.no_truncation()
                    else:
                        tokenizer.enable_truncation(length, strategy=strategy)
                    case = {"first": first, "second": second, "strategy": strategy, "max_length": length}
                    try:
                        case["expected"] = whole(tokenizer.encode(first, second))
                    except Exception as error:  # the library's own type: a bare Exception
                        if "Truncation error" not in str(error):
                            raise
                        case["expected"] = None
                    cases.append(case)
    return cases


def added_cases(vocabulary):
    tokenizer = build(vocabulary["uncased"], True, None)
    base = tokenizer.get_vocab_size()
    tokens = [dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True) | token
        for token in ADDED]
    for token in tokens:
        flags = {key: value for key, value in token.items() if key != "content"}
        tokenizer.add_tokens([AddedToken(token["content"], **flags)])
        token["id"] = tokenizer.token_to_id(token["content"])
    assert [token["id"] for token in tokens] == list(range(base, base + len(tokens)))
    cases = []
    for text in ADDED_TEXTS:
        encoding = tokenizer.encode(text)
        cases.append({"text": text, "ids": encoding.ids, "offsets": flat(encoding.offsets), "tokens": encoding.tokens,
                      "decoded": tokenizer.decode(encoding.ids),
                      "decoded_all": tokenizer.decode(encoding.ids, skip_special_tokens=False)})
    return {"tokens": tokens, "cases": cases}


def decode_cases(texts, vocabulary):
    rng = random.Random(7)
    cases = []
    for name in ("uncased", "cased"):
        tokenizer = build(vocabulary[name], name == "uncased", None)
        plain = build(vocabulary[name], name == "uncased", None)
        plain.decoder = decoders.WordPiece(prefix="##", cleanup=False)
        rows = [tokenizer.encode(text[:200]).ids for text in texts[:60]]
        rows += [[rng.randrange(len(vocabulary[name]) + 3) for _ in range(rng.randrange(12))] for _ in range(60)]
        for ids in rows:
            cases.append({"vocabulary": name, "ids": ids, "skipping": tokenizer.decode(ids),
                "whole": tokenizer.decode(ids, skip_special_tokens=False),
                          "untidied": plain.decode(ids)})
    return cases


def fnv(digest, values):
    for value in values:
        for byte in value.to_bytes(4, "little"):
            digest = (digest ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return digest


def squad_digests(squad, models_dir):
    read = lambda path: path.read_text(encoding="utf-8").split("\n")[:-1]
    kinds = {
        "minilm-squad": build(read(models_dir / "minilm-squad/vocab.txt"), True, None),
        "multilingual-cased": build(read(squad.parent / "vocab/bert-base-multilingual-cased.txt"), False, None),
    }
    digests = {}
    for name, tokenizer in kinds.items():
        for file in ("train.json", "dev.json"):
            digest, texts = 0xCBF29CE484222325, 0
            for article in json.loads((squad / file).read_text(encoding="utf-8"))["data"]:
                for paragraph in article["paragraphs"]:
                    for text in [paragraph["context"]] + [row["question"] for row in paragraph["qas"]]:
                        encoding = tokenizer.encode(text, add_special_tokens=False)
                        digest = fnv(fnv(digest, encoding.ids), flat(encoding.offsets))
                        texts += 1
            digests.setdefault(name, {})[file] = {"digest": f"{digest:016x}", "texts": texts}
    return digests


def write(name, value):
    path = FIXTURES / name
    path.parent.mkdir(parents=True, exist_ok=True)
    origin = f"tokenizers {tokenizers.__version__}, Tools/make_tokenizer_fixtures.py"
    path.write_text(json.dumps({"origin": origin, "value": value}, separators=(",", ":")) + "\n", encoding="utf-8")


def write_models(vocabulary):
    """Folders as transformers saves them, one of each kind of file that can be read."""
    for name, lower in (("uncased", True), ("cased", False)):
        words = {token: i for i, token in enumerate(vocabulary[name])}
        folder = FIXTURES / f"saved-{name}"
        transformers.BertTokenizer(vocab=words, do_lower_case=lower).save_pretrained(folder)
    (FIXTURES / "vocab-uncased.txt").write_text("\n".join(vocabulary["uncased"]) + "\n", encoding="utf-8")
    (FIXTURES / "vocab-cased.txt").write_text("\n".join(vocabulary["cased"]) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--squad-dir", type=Path)
    parser.add_argument("--models", type=Path)
    options = parser.parse_args()
    texts = fixture_texts()
    vocabulary = vocabularies(texts)
    write_models(vocabulary)
    write("encode.json", encode_cases(texts, vocabulary))
    write("pairs.json", pair_cases(vocabulary))
    write("added.json", added_cases(vocabulary))
    write("decode.json", decode_cases(texts, vocabulary))
    if options.squad_dir and options.models:
        write("squad-digests.json", squad_digests(options.squad_dir, options.models))


if __name__ == "__main__":
    main()
