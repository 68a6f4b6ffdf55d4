import Files
import StrictJSON

/// The name, element type and shape of a tensor in a safetensors file.
package struct TensorDescription: Sendable, Hashable {
    /// The tensor's name.
    package let name: String
    /// The type of its elements.
    package let elementType: ElementType
    /// Its dimensions, outermost first; empty for a scalar.
    package let shape: [Int]

    /// Describes a tensor that is going to be written.
    package init(name: String, elementType: ElementType, shape: [Int]) {
        self.name = name
        self.elementType = elementType
        self.shape = shape
    }
}

/// Writes a safetensors file tensor by tensor, so that only one of them needs to be in memory.
///
/// ```swift
/// var writer = try SafetensorsWriter(file: file, tensors: descriptions)
/// for tensor in writer.order { try writer.append(bytes(of: tensor.name)) }
/// try writer.finish()
/// ```
/// The bytes equal those that the format's Python library writes for the same tensors.
package struct SafetensorsWriter: ~Copyable {
    /// The tensors in the order in which `append` expects their bytes: widest elements first, then by name.
    package let order: [TensorDescription]

    private let file: FileOutput
    private var written = 0

    /// Writes the header to a file that has just been made.
    ///
    /// - Throws: `CheckpointError` of kind `.invalid` for a name that occurs twice or is `__metadata__`, or for an
    ///   impossible shape; of kind `.unwritable` with the system's reason.
    package init(
        file: FileOutput, tensors: [TensorDescription], metadata: [String: String] = ["format": "pt"]
    ) throws(CheckpointError) {
        order = tensors.sorted { left, right in
            left.elementType == right.elementType
                ? left.name.utf8.lexicographicallyPrecedes(right.name.utf8) : left.elementType > right.elementType
        }
        self.file = file
        let header = try Self.header(order, metadata: metadata, path: file.path)
        try writing { () throws(FileError) in
            try file.append { $0 += header }
            // A full disk is reported before anything is computed for it.
            try file.flush()
        }
    }

    private func writing(_ body: () throws(FileError) -> Void) throws(CheckpointError) {
        do {
            try body()
        } catch {
            throw CheckpointError(path: file.path, kind: .unwritable, message: error.message)
        }
    }

    /// Writes the bytes of the next tensor of `order`: little-endian, row-major.
    ///
    /// - Throws: `CheckpointError` of kind `.invalid` when there is no next tensor or it takes another number of bytes;
    ///   of kind `.unwritable` with the system's reason.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
        guard written < order.count else {
            throw failure("\(order.count) tensors were described, but one more is appended")
        }
        let tensor = order[written]
        guard tensor.elementType.byteCount(shape: tensor.shape) == bytes.count else {
            throw failure(
                "tensor '\(tensor.name)': \(tensor.shape) of \(tensor.elementType.rawValue) cannot be written from "
                    + "\(bytes.count) bytes")
        }
        try writing { () throws(FileError) in try file.append(contentsOf: bytes) }
        written += 1
    }

    /// Waits until the file is on the disk, and closes it.
    ///
    /// - Throws: `CheckpointError` of kind `.invalid` when tensors are missing, `.unwritable` with the system's reason.
    package consuming func finish() throws(CheckpointError) {
        guard written == order.count else {
            throw failure("tensor '\(order[written].name)': its bytes were never appended")
        }
        try writing { () throws(FileError) in try file.synchronize() }
    }

    private func failure(_ message: String) -> CheckpointError {
        CheckpointError(path: file.path, kind: .invalid, message: message)
    }

    private static func header(
        _ order: [TensorDescription], metadata: [String: String], path: String
    ) throws(CheckpointError) -> [UInt8] {
        var members: [(String, JSONValue)] = []
        if !metadata.isEmpty {
            let strings = metadata.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }
            members.append(("__metadata__", .object(JSONObject(strings))))
        }
        var names: Set<String> = ["__metadata__"]
        var offset = 0
        for tensor in order {
            guard names.insert(tensor.name).inserted else {
                throw CheckpointError(
                    path: path, kind: .invalid, message: "tensor '\(tensor.name)': the name is already taken")
            }
            guard let size = tensor.elementType.byteCount(shape: tensor.shape), size <= Int.max - offset else {
                throw CheckpointError(
                    path: path, kind: .invalid, message: "tensor '\(tensor.name)': impossible shape \(tensor.shape)")
            }
            members.append((tensor.name, entry(tensor, offset..<offset + size)))
            offset += size
        }
        let json = Array(JSONValue.object(JSONObject(members)).serialized(pretty: false, sortedKeys: false).utf8)
        // Spaces after the JSON, so that the data begins at a multiple of eight.
        let padded = json + Array(repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
        return withUnsafeBytes(of: UInt64(padded.count).littleEndian, Array.init) + padded
    }

    private static func entry(_ tensor: TensorDescription, _ range: Range<Int>) -> JSONValue {
        .object(
            JSONObject([
                ("dtype", .string(tensor.elementType.rawValue)),
                ("shape", .array(tensor.shape.map { .number(JSONNumber($0)) })),
                ("data_offsets", .array([range.lowerBound, range.upperBound].map { .number(JSONNumber($0)) })),
            ]))
    }
}
