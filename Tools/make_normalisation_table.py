r"""Writes Sources/Tokenizers/Normalising/PackedNormalisationTable.swift: what the normalisers and pre-tokenizers of the
`tokenizers` library beside BERT's think of every Unicode scalar.

As Tools/make_unicode_tables.py, whose tables these add to, it asks the pinned library about each scalar:

  - what StripAccents removes, what Digits splits off, what \w, \s and \d of its regular expressions match
  - what the Whitespace pre-tokenizer takes for a part of a word and for white space
  - the decomposition of NFKD where it is not that of NFD
  - which two scalars NFC makes one

Use: python Tools/make_normalisation_table.py [--output FILE]
"""

from tokenizers import Regex, normalizers, pre_tokenizers

from make_unicode_tables import HANGUL
from packed_tables import output_path, pack_mapping, pack_runs, runs_of, varint, write_table, zigzag

MARK, NUMBER, WORD, SPACE, DIGIT, COMPATIBLE, OWN_WORD, OWN_SPACE = (1 << i for i in range(8))


def matches(expression):
    """Which scalars a regular expression matches; asked for all scalars at once."""
    replace = normalizers.Replace(Regex(expression), "").normalize_str
    return lambda char: replace("a\x00" + char + "\x00")[-2:] != char + "\x00"


def probe():
    strip, digits = normalizers.StripAccents().normalize_str, pre_tokenizers.Digits().pre_tokenize_str
    words = pre_tokenizers.Whitespace().pre_tokenize_str
    nfd, nfkd, nfc = (form().normalize_str for form in (normalizers.NFD, normalizers.NFKD, normalizers.NFC))
    expressions = [(WORD, matches(r"\w")), (SPACE, matches(r"\s")), (DIGIT, matches(r"\d"))]
    classes, compatible, compositions = [], {}, {}
    for code in range(0x110000):
        flags = 0
        if 0xD800 <= code < 0xE000:
            classes.append(flags)
            continue
        char = chr(code)
        if strip("a" + char) == "a":
            flags |= MARK
        if len(digits("a" + char + "b")) == 3:
            flags |= NUMBER
        pieces = len(words("a" + char + "b"))
        flags |= {1: OWN_WORD, 2: OWN_SPACE}.get(pieces, 0)
        for flag, matching in expressions:
            if matching(char):
                flags |= flag
        decomposed, compatibly = nfd(char), nfkd(char)
        if compatibly != decomposed:
            flags |= COMPATIBLE
            compatible[code] = compatibly
        if decomposed != char and nfc(char) == char and code not in HANGUL:
            first, second = nfc(decomposed[:-1]), decomposed[-1]
            if len(first) != 1 or nfc(first + second) != char:
                raise SystemExit(f"U+{code:04X}: not made of two scalars")
            compositions[code] = (ord(first), ord(second))
        classes.append(flags)
    for code in HANGUL:
        index = code - HANGUL.start
        pair = chr(code - index % 28) + chr(0x11A7 + index % 28) if index % 28 else nfd(chr(code))
        if nfc(pair) != chr(code):
            raise SystemExit(f"U+{code:04X}: not the arithmetic Hangul composition")
    return classes, compatible, compositions


def pack(classes, compatible, compositions):
    out = bytearray(pack_runs(runs_of(classes)) + pack_mapping(compatible) + varint(len(compositions)))
    start = 0
    for code, (first, second) in sorted(compositions.items()):
        out += varint(code - start) + zigzag(first - code) + varint(second)
        start = code
    return bytes(out)


def main():
    output = output_path(__doc__, "Sources/Tokenizers/Normalising/PackedNormalisationTable.swift")
    classes, compatible, compositions = probe()
    found = f"{len(compatible)} decompositions for compatibility, {len(compositions)} compositions beside Hangul"
    write_table(output, "make_normalisation_table.py", found, "every Unicode scalar, read by `NormalisationTable`",
        "packedNormalisationTable", pack(classes, compatible, compositions))


if __name__ == "__main__":
    main()
