import StrictJSON

/// The index of weights that are split over several files: `model.safetensors.index.json` or
/// `pytorch_model.bin.index.json`.
///
/// An index comes from whoever published the model, and its file names become paths and URLs. So a name must be a plain
/// file name; anything that could lead to another folder, repository or host is refused.
///
/// - Source: the `weight_map` that transformers' `save_pretrained` writes.
package struct ShardedIndex: Sendable {
    /// The file that holds each tensor, by the tensor's name. The files are beside the index.
    package let fileOfTensor: [String: String]

    /// The files, each once, sorted.
    package var files: [String] { Set(fileOfTensor.values).sorted() }

    /// Reads an index.
    ///
    /// - Throws: `CheckpointError` that names the file and the tensor: not JSON, no `weight_map`, an empty one, or an
    ///   entry that is not a plain file name.
    package init(path: String) throws(CheckpointError) {
        let value = try CheckpointFile.json(path)
        guard let map = value.object?["weight_map"]?.object, !map.isEmpty else {
            throw CheckpointError(
                path: path, kind: .invalid, message: "expected an object \"weight_map\" from tensors to file names")
        }
        var fileOfTensor: [String: String] = [:]
        for (tensor, entry) in map {
            guard let name = entry.string, Self.isPlainFileName(name) else {
                throw CheckpointError(
                    path: path, kind: .invalid,
                    message:
                        "the file of tensor \(Self.quoted(tensor)) must be a plain file name beside the index, not "
                        + (entry.string.map(Self.quoted) ?? "a value that is not a string"))
            }
            fileOfTensor[tensor] = name
        }
        self.fileOfTensor = fileOfTensor
    }

    /// Whether a name can be used as the name of one file in a folder: ASCII letters, digits, `-`, `_`, `.`, `+`, `=`,
    /// `,` and spaces between them, at most 200 bytes, not beginning with a dot.
    package static func isPlainFileName(_ name: String) -> Bool {
        guard (1...200).contains(name.utf8.count), name.utf8.first != UInt8(ascii: "."),
            name.utf8.first != UInt8(ascii: " "), name.utf8.last != UInt8(ascii: " ")
        else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_.+=, ".utf8.contains(byte)
            }
        }
    }

    /// A text of unknown origin for a message: printable, and short.
    private static func quoted(_ text: String) -> String {
        let printable = text.unicodeScalars.prefix(80).map { scalar in
            (0x20..<0x7F).contains(scalar.value) ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
        }
        return "\"\(printable.joined())\(text.unicodeScalars.count > 80 ? "..." : "")\""
    }
}
