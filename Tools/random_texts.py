"""Random Unicode documents for the tokenizer comparisons: mixed scripts, controls, combining sequences, special
tokens."""

import unicodedata

SCRIPTS = [
    (0x20, 0x7F), (0x20, 0x7F), (0x41, 0x5B), (0x61, 0x7B), (0x61, 0x7B), (0x30, 0x3A),  # ASCII, often
    (0xA0, 0x180), (0x180, 0x250), (0x250, 0x2B0), (0x2B0, 0x300), (0x300, 0x370), (0x370, 0x400), (0x400, 0x530),
    (0x530, 0x590), (0x590, 0x600), (0x600, 0x700), (0x700, 0x900), (0x900, 0xE00), (0xE00, 0x1000), (0x1000, 0x1100),
    (0x1100, 0x1200), (0x1200, 0x1AB0), (0x1AB0, 0x1CD0), (0x1CD0, 0x1E00), (0x1E00, 0x2000), (0x2000, 0x2070),
    (0x2070, 0x2E00), (0x2E00, 0x3000), (0x3000, 0x3400), (0x3400, 0x4E00), (0x4E00, 0xA000), (0xA000, 0xAC00),
    (0xAC00, 0xD7B0), (0xD7B0, 0xD800), (0xE000, 0xF900), (0xF900, 0xFB00), (0xFB00, 0xFE00), (0xFE00, 0xFFF0),
    (0xFFF0, 0x10000), (0x10000, 0x11000), (0x11000, 0x12000), (0x12000, 0x1D000), (0x1D000, 0x1D800),
    (0x1D800, 0x1F000), (0x1F000, 0x1FB00), (0x1FB00, 0x20000), (0x20000, 0x2FA20), (0x2FA20, 0x110000),
]
CONTROLS = (
    "\x00\x01\t\n\r\x0b\x0c\x1c\x7f\x85\xa0\xad\u200b\u200c\u200d\u200e\u2028"
    "\u2029\u202e\u2060\ufeff\ufffd\ufffe\uffff\ue000\U000e0001\U000f0000")
SPECIALS = ["[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]", "[ MASK ]", "[mask]", "[MASK", "MASK]", "[[MASK]]", "##a",
    "##", "[unused1]"]
WORDS = (
    "the of and Paris don't naïve Ångström İstanbul STRASSE straße ﬁne office 12,345.67 U.S.A. état E\u0301tat "
    "unaffable Norwegian 東京 서울 Москва Αθήνα ΌΔΟΣ مدينة עברית हिन्दी ไทย 👩‍👩‍👧‍👦 🇫🇷 ½ ① Ⅷ ﷺ ǅ ŉ ẞ K Å ϓ"
).split()


def marks():
    """Scalars that take part in canonical reordering or decompose, so that order and positions get tested."""
    codes = [c for c in range(0x110000) if unicodedata.combining(chr(c))
        or unicodedata.decomposition(chr(c))[:1] not in ("", "<")]
    spacing = [c for c in codes if unicodedata.category(chr(c)) == "Mc" and unicodedata.combining(chr(c))]
    return codes + spacing * 20


MARKS = marks()


def scalar(rng, low, high):
    while True:
        code = rng.randrange(low, high)
        if not 0xD800 <= code < 0xE000:
            return chr(code)


def piece(rng):
    kind = rng.randrange(12)
    if kind <= 3:
        return rng.choice(WORDS) + rng.choice(["", " ", " ", ",", ". "])
    if kind == 4:
        return "".join(chr(rng.choice(MARKS)) for _ in range(rng.randrange(1, 6)))
    if kind == 5:
        return rng.choice(CONTROLS)
    if kind == 6:
        return rng.choice([" ", "  ", "\u3000", ""]) + rng.choice(SPECIALS) + rng.choice(["", " "])
    if kind == 7:
        return "".join(chr(rng.randrange(0x61, 0x7B)) for _ in range(rng.choice([3, 8, 20, 99, 100, 101, 200])))
    if kind == 8:
        return "".join(scalar(rng, 0, 0x110000) for _ in range(rng.randrange(1, 4)))
    low, high = rng.choice(SCRIPTS)
    return "".join(scalar(rng, low, high) for _ in range(rng.randrange(1, 12))) + rng.choice(["", " "])


def text(rng):
    """A document of a few to some dozen pieces."""
    return joined(rng, piece)


def joined(rng, piece):
    return "".join(piece(rng) for _ in range(rng.choice([1, 2, 4, 8, 8, 16, 30])))


# What byte-level tokenizers look at: English contractions, runs of white space of every kind, letters of the byte
# alphabet, numbers beside letters, RoBERTa's special tokens.
CONTRACTIONS = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'T", "'RE", "’s", "'", "''", "'l", "'r", "'x",
    " 's", "I'm", "it's", "DON'T"]
SPACES = (
    " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u180e\u2000\u2003\u2009\u200a\u200b"
    "\u2028\u2029\u202f\u205f\u3000\ufeff")
LETTERS = "ĠĊĀāġłŃ¡ÿ"
NUMBERS = ["1", "2nd", "²", "½", "Ⅷ", "٣", "१२", "①", "2024-11-28", "3.14", "৪", "零"]
ROBERTA = ["<s>", "</s>", "<pad>", "<unk>", "<mask>", " <mask>", "  <mask> ", "<mask", "mask>", "<MASK>", "<<mask>>"]


def byte_level_piece(rng):
    kind = rng.randrange(10)
    if kind == 0:
        return rng.choice(CONTRACTIONS)
    if kind == 1:
        return "".join(rng.choice(SPACES) if rng.randrange(3) else " " for _ in range(rng.randrange(1, 6)))
    if kind == 2:
        return "".join(rng.choice(LETTERS) for _ in range(rng.randrange(1, 4)))
    if kind == 3:
        return rng.choice(NUMBERS)
    if kind == 4:
        return rng.choice(ROBERTA)
    return piece(rng)


def byte_level_text(rng):
    """A document as `text` makes them, with what byte-level tokenizers look at in it."""
    return joined(rng, byte_level_piece)


# What sentencepiece's normaliser and grapheme clusters look at: characters that are removed, characters that become
# several or fewer, and characters that belong together with those before or after them.
REMOVED = "\u200b\u200e\u200f\u00ad\u2060\ufeff\x01\x02\x7f\x80\x9f"
GROWING = "½¼ﷺ㍿㌀㎏ﬁﬃ①⑩Ⅷ…‥¨´ǆŉ℀™㊗🄰\u0344\u0958ำﾊﾞ"
CLUSTERS = [
    "\u1100\u1161\u11a8", "\u1160\u11a8", "가\u11a8", "각", "\u200d", "©\u200d©", "☺\ufe0f\u200d☺", "👩‍👩‍👧‍👦", "👍🏽",
    "🇫🇷🇫", "क\u094dष", "क\u094d\u200dष", "\u0915\u093c",
    "\u0600", "\u06dd", "\U000110bd", "\r\n", "ａ", "ｂ", "ﾊ\u3099", "e\u0301", "\u0308", "\u0301\u0302",
    "\u0e33", "\u0903", "\ufe0f", "\U0001f3fb", "\U000e0061",
]
META = ["▁", "▁▁", "▁a", "a▁b", " ▁ ", "\u2580", "<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED", "<0x41>"]


def unigram_piece(rng):
    kind = rng.randrange(10)
    if kind == 0:
        return "".join(rng.choice(REMOVED + " ") for _ in range(rng.randrange(1, 4)))
    if kind == 1:
        return "".join(rng.choice(GROWING) for _ in range(rng.randrange(1, 3)))
    if kind == 2:
        parts = (
            rng.choice(CLUSTERS + ["\u0301", "\u0302", chr(rng.choice(MARKS))]) for _ in range(rng.randrange(1, 5)))
        return "".join(parts)
    if kind == 3:
        return rng.choice(META + ROBERTA)
    if kind == 4:
        return "".join(rng.choice(SPACES) if rng.randrange(3) else " " for _ in range(rng.randrange(1, 6)))
    return piece(rng)


def unigram_text(rng):
    """A document as `text` makes them, with what Unigram's normaliser looks at in it."""
    return joined(rng, unigram_piece)
