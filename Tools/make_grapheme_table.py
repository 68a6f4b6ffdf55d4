r"""Writes Sources/Tokenizers/Unigram/PackedGraphemeTable.swift: which scalars the `tokenizers` library puts into one
cluster.

The library's `Precompiled` normaliser works on grapheme clusters, by the tables of a crate of its own (a newer Unicode
than Python's). This script asks the pinned library itself (Tools/requirements.txt) about each of the 1,112,064 scalars.
The question is always the same: a rule replaces the character before a mark. Where both are one short cluster, the mark
is lost; where the character belongs to what is before it as well, the cluster is too long to be replaced as a whole,
and the mark stays.

Use: python Tools/make_grapheme_table.py [--output FILE]
"""

from tokenizers import normalizers

from character_maps import character_map
from packed_tables import output_path, pack_runs, runs_of, varint, write_table

(EXTENDS, CONTROL, PREPENDS, BEFORE_VOWEL, BEFORE_FINAL, PICTOGRAPH, INSIDE_PICTOGRAPHS, CONSONANT, LINKER,
    INSIDE_CONSONANTS) = (
    1 << i for i in range(10)
)
MARK, OTHER_MARK, JOINER, SIGN = "\u0301", "\u0302", "\u200d", "\u00a9"
VOWEL, FINAL, FIRST, VIRAMA, SECOND = "\u1161", "\u11a8", "\u0915", "\u094d", "\u0916"
RULES = {"a": "1", MARK: "2", VOWEL: "3", FINAL: "4", SIGN: "5", SECOND: "6"}
CHUNK = 4096


def answers(normalise, scalars, question):
    """What becomes of `question(scalar)` for each scalar; a line break between two is a cluster of its own."""
    for start in range(0, len(scalars), CHUNK):
        chunk = scalars[start : start + CHUNK]
        yield from zip(chunk, normalise("\n".join(map(question, chunk))).split("\n"), strict=True)


def probe():
    normalise = normalizers.Precompiled(character_map(RULES)).normalize_str
    scalars = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000 and code != 0x0A]
    kinds = [0] * 0x110000
    kinds[0x0A] = CONTROL

    def mark(bit, question, found):
        for scalar, answer in answers(normalise, scalars, question):
            if found(scalar, answer):
                kinds[ord(scalar)] |= bit

    def joined(bit, question, excluding=PREPENDS):
        mark(bit, question, lambda scalar, answer: answer.endswith("2") and not kinds[ord(scalar)] & excluding)

    mark(EXTENDS, lambda c: "a" + c, lambda scalar, answer: answer == "1")
    mark(CONTROL, lambda c: c + MARK + OTHER_MARK, lambda scalar,
        answer: not answer.endswith(OTHER_MARK) and scalar != "a")
    joined(PREPENDS, lambda c: c + "a" + MARK, 0)
    joined(BEFORE_VOWEL, lambda c: c + VOWEL + MARK)
    joined(BEFORE_FINAL, lambda c: c + FINAL + MARK)
    joined(PICTOGRAPH, lambda c: c + JOINER + SIGN + MARK)
    joined(INSIDE_PICTOGRAPHS, lambda c: SIGN + c + JOINER + SIGN + MARK, PREPENDS | PICTOGRAPH)
    joined(CONSONANT, lambda c: c + VIRAMA + SECOND + MARK)
    joined(LINKER, lambda c: FIRST + c + SECOND + MARK, PREPENDS | CONSONANT)
    joined(INSIDE_CONSONANTS, lambda c: FIRST + VIRAMA + c + SECOND + MARK, PREPENDS | CONSONANT | LINKER)
    return kinds


def pack(kinds):
    known = sorted(set(kinds))
    out = bytearray(varint(len(known)))
    for kind in known:
        out += varint(kind)
    # There are no scalars between U+D7FF and U+E000: the run before goes on there.
    runs = [(code, known.index(kind)) for code, kind in runs_of(kinds, skipped=range(0xD800, 0xE000))]
    return bytes(out) + pack_runs(runs), len(runs)


def main():
    output = output_path(__doc__, "Sources/Tokenizers/Unigram/PackedGraphemeTable.swift")
    packed, runs = pack(probe())
    write_table(output, "make_grapheme_table.py", f"{runs} runs of scalars of one kind",
        "grapheme clusters, read by `GraphemeTable`", "packedGraphemeTable", packed)


if __name__ == "__main__":
    main()
