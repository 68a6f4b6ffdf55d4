r"""Writes Sources/Tokenizers/Normalising/UnicodeTables.swift: what the `tokenizers` library thinks of every Unicode
scalar.

The library's pieces carry tables of different Unicode versions (general categories, canonical decompositions and the
lower-case mapping come from three crates), so no single version of the standard reproduces it. This script therefore
asks the pinned library itself (Tools/requirements.txt) about each of the 1,112,064 scalars and stores the answers:

  - what clean_text does (keep, remove, replace by a space), what is a Chinese character
  - what BertPreTokenizer splits at (white space) and splits off (punctuation)
  - which scalars strip_accents removes, their canonical combining class, their canonical decomposition
  - the lower-case mapping
  - what counts as part of a word (\w of its regular expressions) beside an added token marked `single_word`
  - what its regular expressions take for a letter (\p{L}), a number (\p{N}) and white space (\s)

Use: python Tools/make_unicode_tables.py [--output Sources/Tokenizers/Normalising/UnicodeTables.swift]
"""

import unicodedata

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

from packed_tables import output_path, pack_mapping, pack_runs, runs_of, varint, write_table

REMOVED, SPACE, CHINESE, WHITE, PUNCTUATION, MARK, DECOMPOSES, LOWERS = (1 << i for i in range(8))
WORD = 1
REGEX_CLASSES = [(1, r"\p{L}"), (2, r"\p{N}"), (3, r"\s")]

HANGUL = range(0xAC00, 0xD7A4)


def bert(**settings):
    base = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**(base | settings)).normalize_str


def word_probe():
    """Whether a scalar before a single-word token keeps the token from being found."""
    tokenizer = Tokenizer(models.WordPiece({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.add_tokens([AddedToken("[X]", single_word=True, normalized=False)])
    return lambda char: 1 not in tokenizer.encode(char + "[X]").ids


def regex_probe():
    """The number of the class among REGEX_CLASSES that a scalar belongs to, 0 for none."""
    splits = [(number, pre_tokenizers.Split(Regex(pattern), "isolated")) for number, pattern in REGEX_CLASSES]

    def regex_class(char):
        # Beside an underscore, which is in no class, a scalar stands alone if the pattern matches it.
        found = [number for number, split in splits if len(split.pre_tokenize_str("_" + char)) == 2]
        if len(found) > 1:
            raise SystemExit(f"U+{ord(char):04X}: in several classes of regular expressions, {found}")
        return found[0] if found else 0

    return regex_class


def hangul_decomposition(code):
    index = code - 0xAC00
    leading, vowel, trailing = 0x1100 + index // 588, 0x1161 + index % 588 // 28, 0x11A7 + index % 28
    return chr(leading) + chr(vowel) + (chr(trailing) if trailing > 0x11A7 else "")


def combining_class(char, nfd, ladder):
    """The class the library sorts `char` by, found by which marks of known class it changes places with."""
    if nfd("\u0345" + char)[0] != char and nfd(char + "\u0334")[0] == char:
        return 0
    below = [value for value, mark in ladder if mark != char and nfd(char + mark)[0] == mark]
    above = [value for value, mark in ladder if mark != char and nfd(mark + char)[0] == char]
    between = set(value for value, _ in ladder) - set(below) - set(above)
    if len(between) != 1:
        raise SystemExit(f"U+{ord(char):04X}: no single combining class, candidates {sorted(between)}")
    return between.pop()


def known_ladder(nfd):
    """One mark for each combining class of this Python's Unicode version that the library reorders as well."""
    ladder = {}
    for code in range(0x110000):
        value = unicodedata.combining(chr(code))
        mark = chr(code)
        # A mark younger than the library's table is not reordered at all: take the first one that is.
        if value and value not in ladder and nfd(mark) == mark and "\u0345" in (mark, nfd("\u0345" + mark)[1]):
            ladder[value] = mark
    ordered = sorted(ladder.items())
    for (_, low), (_, high) in zip(ordered, ordered[1:]):
        if nfd(high + low) != low + high:
            raise SystemExit(f"the library does not sort U+{ord(low):04X} before U+{ord(high):04X}")
    return ordered


def probe():
    clean, chinese = bert(clean_text=True), bert(handle_chinese_chars=True)
    strip, nfd = bert(strip_accents=True), normalizers.NFD().normalize_str
    lower, split = normalizers.Lowercase().normalize_str, pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    ladder, in_word, regex_class = known_ladder(nfd), word_probe(), regex_probe()
    classes, decompositions, lowered = [], {}, {}
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000:
            classes.append((0, 0, 0))
            continue
        char, flags, order = chr(code), 0, 0
        text = "a" + char + "b"
        cleaned, parts = clean(text), [piece for piece, _ in split(text)]
        if cleaned == "ab":
            flags |= REMOVED
        elif cleaned == "a b" and char != " ":
            flags |= SPACE
        elif cleaned != text:
            raise SystemExit(f"U+{code:04X}: clean_text gives {cleaned!r}")
        if chinese(text) == "a " + char + " b":
            flags |= CHINESE
        elif chinese(text) != text:
            raise SystemExit(f"U+{code:04X}: handle_chinese_chars gives {chinese(text)!r}")
        if parts == ["a", "b"]:
            flags |= WHITE
        elif parts == ["a", char, "b"]:
            flags |= PUNCTUATION
        elif parts != [text]:
            raise SystemExit(f"U+{code:04X}: BertPreTokenizer gives {parts!r}")
        decomposed = nfd(char)
        if decomposed != char:
            flags |= DECOMPOSES
            if code in HANGUL:
                if decomposed != hangul_decomposition(code):
                    raise SystemExit(f"U+{code:04X}: not the arithmetic Hangul decomposition")
            else:
                decompositions[code] = decomposed
        else:
            if strip("a" + char) == "a":
                flags |= MARK
            order = combining_class(char, nfd, ladder)
        if lower(char) != char:
            flags |= LOWERS
            lowered[code] = lower(char)
        classes.append((flags, order, (WORD if in_word(char) else 0) | regex_class(char) << 1))
    return classes, decompositions, lowered


def pack(classes, decompositions, lowered):
    kinds = sorted(set(classes))
    if len(kinds) > 256:
        raise SystemExit(f"{len(kinds)} kinds of scalar do not fit one byte")
    out = bytearray(varint(len(kinds)))
    for kind in kinds:
        out += bytes(kind)
    runs = [(code, kinds.index(kind)) for code, kind in runs_of(classes)]
    return bytes(out) + pack_runs(runs) + pack_mapping(decompositions) + pack_mapping(lowered)


def main():
    output = output_path(__doc__, "Sources/Tokenizers/Normalising/UnicodeTables.swift")
    classes, decompositions, lowered = probe()
    found = f"{len(decompositions)} decompositions beside Hangul, {len(lowered)} lower-case mappings"
    write_table(output, "make_unicode_tables.py", found, "every Unicode scalar, read by `UnicodeTable`",
        "packedUnicodeTables", pack(classes, decompositions, lowered))


if __name__ == "__main__":
    main()
