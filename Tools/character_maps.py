"""Builds a sentencepiece model's `precompiled_charsmap` from chosen rules, to ask the `tokenizers` library questions
with."""

import itertools
import struct


def character_map(rules):
    """The bytes of a map that replaces each key of `rules` by its value."""
    texts, starts = bytearray(), {}
    for value in rules.values():
        if value not in starts:
            starts[value] = len(texts)
            texts += value.encode() + b"\0"
    root = {}
    for key, value in rules.items():
        node = root
        for byte in key.encode():
            node = node.setdefault(byte, {})
        node[0] = starts[value]
    units, bases = {0: 0}, set()

    def place(node, position, label):
        # The first place where all children find theirs free; two nodes never share one, so that no label is mistaken.
        base = next(b for b in itertools.count(1) if b not in bases and not any(b ^ byte in units for byte in node))
        bases.add(base)
        units.update((base ^ byte, 0) for byte in node)
        assert position ^ base < 1 << 21
        units[position] = label | (0 in node) << 8 | (position ^ base) << 10
        for byte, child in node.items():
            if byte == 0:
                units[base] = child | 1 << 31
            else:
                place(child, base ^ byte, byte)

    place(root, 0, 0)
    # Whole blocks: a label that leads nowhere must not lead outside, which ends the library.
    size = (max(units) // 256 + 1) * 256
    return struct.pack(f"<{size + 1}I", 4 * size, *(units.get(place, 0) for place in range(size))) + bytes(texts)
