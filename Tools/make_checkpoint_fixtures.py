#!/usr/bin/env python3
"""Writes the fixtures of Tests/CheckpointsTests: weights in each format that is read, and what they contain.

The files come from the pinned libraries below; a second run writes the same bytes. Nothing is downloaded.

    pip install torch==2.13.0 safetensors==0.8.0 numpy==2.4.6      (torch: the CPU build)
    python Tools/make_checkpoint_fixtures.py [--output Tests/CheckpointsTests/Fixtures]

Today's PyTorch still writes the format from before PyTorch 1.6 if asked to, but names its storages by their addresses.
So that format is written here, with storages counted from 0. The script checks that PyTorch reads each file as the same
tensors, and that PyTorch's own file has the same opcodes.
"""

import argparse
import collections
import io
import json
import pickle
import pickletools
import shutil
import struct
from pathlib import Path

import numpy
import safetensors
import torch
from safetensors.torch import save_file

PINNED = {"torch": "2.13.0", "safetensors": "0.8.0", "numpy": "2.4.6"}


def check_versions():
    for module in (torch, safetensors, numpy):
        found = module.__version__.split("+")[0]
        if found != PINNED[module.__name__]:
            raise SystemExit(f"{module.__name__} {PINNED[module.__name__]} is needed, {found} is installed")


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def contents(tensors):
    return {
        name: {"shape": list(t.shape),
            "hex": t.detach().reshape(-1).contiguous().view(torch.uint8).numpy().tobytes().hex()}
        for name, t in tensors.items()
    }


def element_types(folder):
    """A file with each element type that the Python library writes, and its bytes as hexadecimal."""
    values = torch.tensor([0.0, 1.0, -2.5, 3.140625])
    tensors = {
        "F64": values.to(torch.float64), "F32": values, "F16": values.to(torch.float16),
        "BF16": values.to(torch.bfloat16),
        "F8_E4M3": values.to(torch.float8_e4m3fn), "F8_E5M2": values.to(torch.float8_e5m2),
        "I64": torch.tensor([[-1, 2**40], [3, 4]]), "I32": torch.tensor([-1, 2**20], dtype=torch.int32),
        "I16": torch.tensor([-300, 300], dtype=torch.int16), "I8": torch.tensor([-128, 127], dtype=torch.int8),
        "U8": torch.tensor([0, 255], dtype=torch.uint8), "BOOL": torch.tensor([True, False, True]),
        "scalar": torch.tensor(7.5), "empty": torch.zeros(0, 3), "größe.\U0001F600 \"quoted\"": torch.ones(2),
    }
    save_file(tensors, folder / "element_types.safetensors", metadata={"größe": "ja"})
    write_json(folder / "element_types.json", contents(tensors))


def state_dict():
    """Element types, views of one storage, a transposed one, tied tensors, and a parameter."""
    values = torch.tensor([[0.0, 1.0, -2.5], [65504.0, 0.1, -1.0]])
    shared = torch.arange(12, dtype=torch.float32)
    return {
        "F64": values.to(torch.float64), "F32": values, "F16": values.to(torch.float16),
        "BF16": values.to(torch.bfloat16),
        "I64": torch.tensor([-1, 2**40]), "I32": torch.tensor([-1, 2**20], dtype=torch.int32),
        "U8": torch.tensor([0, 255], dtype=torch.uint8), "BOOL": torch.tensor([True, False]),
        "scalar": torch.tensor(7.5),
        "empty": torch.zeros(0, 3), "tied": shared.view(3, 4), "tied again": shared.view(3, 4),
        "transposed": shared.view(3, 4).t(), "part": shared[5:9], "größe.\U0001F600": torch.nn.Parameter(torch.ones(2)),
    }


class StreamPickler(pickle._Pickler):
    """The pickler of torch.save before PyTorch 1.6, with storages counted from 0.

    Python 2 wrote strings as byte strings, and an OrderedDict as a call with a list of pairs. PyTorch 0.4 and earlier
    had storages that are parts of other storages (`views`: the number of elements left and right of each of them).
    """

    def __init__(self, file, python2=False, views=None):
        super().__init__(file, protocol=2)
        self.python2, self.views = python2, views
        self.storages = {}

    def persistent_id(self, value):
        if not isinstance(value, torch.storage.TypedStorage):
            return None
        address = value._untyped_storage._cdata
        number, _ = self.storages.setdefault(address, (len(self.storages), value))
        key = str(number)  # a string of its own each time, as in torch.save: the same one would be recalled
        kind = getattr(torch, value._pickle_storage_type())
        if self.views is None:
            return ("storage", kind, key, "cpu", value._size(), None)
        before, after = self.views
        return ("storage", kind, key, "cpu", before + value._size() + after, ("part of " + key, before, value._size()))

    def reducer_override(self, value):
        if self.python2 and isinstance(value, collections.OrderedDict):
            return collections.OrderedDict, ([list(member) for member in value.items()],)
        return NotImplemented

    def save_text(self, value):
        encoded = value.encode()
        if not self.python2 or not value.isascii():
            return pickle._Pickler.save_str(self, value)
        self.write(b"U" + bytes([len(encoded)]) + encoded if len(encoded) < 256
            else b"T" + struct.pack("<i", len(encoded)) + encoded)
        self.memoize(value)

    dispatch = pickle._Pickler.dispatch | {str: save_text}


def save_stream(state, path, **options):
    """Writes a state dict as torch.save did before PyTorch 1.6."""
    file = io.BytesIO()
    for value in (
        torch.serialization.MAGIC_NUMBER, torch.serialization.PROTOCOL_VERSION,
        {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}},
    ):
        pickle.dump(value, file, protocol=2)
    pickler = StreamPickler(file, **options)
    pickler.dump(state)
    keys = [str(number) for number, _ in pickler.storages.values()]
    pickle.dump(keys, file, protocol=2)
    before, after = options.get("views") or (0, 0)
    for _, storage in pickler.storages.values():
        width = storage._element_size()
        file.write(struct.pack("<q", before + storage._size() + after))
        file.write(b"\xee" * (before * width) + bytes(storage._untyped_storage) + b"\xee" * (after * width))
    path.write_bytes(file.getvalue())
    loaded = torch.load(path, weights_only=False)
    for name, tensor in state.items():
        if not torch.is_tensor(tensor):
            continue
        if loaded[name].dtype != tensor.dtype or not torch.equal(loaded[name], tensor):
            raise SystemExit(f"{path}: PyTorch reads another '{name}'")


def opcodes(stream):
    """The opcodes of the pickles of such a file, with their arguments but for the storages' keys."""
    result = []
    for _ in range(5):
        for opcode, argument, _ in pickletools.genops(stream):
            result.append((opcode.name, "key" if isinstance(argument, str) and argument.isdigit() else argument))
    return result


def compare_with_torch(state, path):
    """Checks that PyTorch's own file of the format has the same opcodes."""
    own = io.BytesIO()
    torch.save(state, own, _use_new_zipfile_serialization=False)
    own.seek(0)
    with open(path, "rb") as ours:
        if opcodes(own) != opcodes(ours):
            raise SystemExit(f"{path}: torch.save writes other opcodes")


def pickles(folder):
    """A state dict in both formats of `torch.save`, with a number that is no tensor. Beside it what the tensors
    contain."""
    tensors = state_dict()
    state = collections.OrderedDict(tensors)
    state["steps"] = 70000
    state._metadata = collections.OrderedDict([("", {"version": 1}), ("part", {"version": -2})])
    torch.save(state, folder / "archive.bin")
    save_stream(state, folder / "stream.bin")
    compare_with_torch(state, folder / "stream.bin")
    save_stream(state, folder / "python2.bin", python2=True)
    save_stream(state, folder / "storage_views.bin", views=(3, 2))
    write_json(folder / "tensors.json", contents(tensors))
    torch.save({"epoch": 3, "model": dict(tensors)}, folder / "nested.bin")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--output", type=Path, default=Path("Tests/CheckpointsTests/Fixtures"))
    output = arguments.parse_args().output
    check_versions()
    shutil.rmtree(output, ignore_errors=True)
    for name in ("safetensors", "pickle"):
        (output / name).mkdir(parents=True)
    element_types(output / "safetensors")
    pickles(output / "pickle")
    size = sum(path.stat().st_size for path in output.rglob("*") if path.is_file())
    print(f"{size} bytes in {output}")


if __name__ == "__main__":
    main()
