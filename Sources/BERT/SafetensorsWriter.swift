import StrictJSON

/// What a tensor is called and how it lies in a safetensors file.
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
/// var writer = try SafetensorsWriter(path: path, tensors: descriptions)
/// for tensor in writer.order { try writer.append(bytes(of: tensor.name)) }
/// try writer.finish()
/// ```
/// The file is written in place: who needs it whole or not at all writes beside it and renames. Given the same tensors, the
/// bytes are those of the format's Python library.
package struct SafetensorsWriter: ~Copyable {
    /// The tensors in the order in which `append` expects their bytes: widest elements first, then by name.
    package let order: [TensorDescription]

    private let path: String
    private let file: OutputFile
    private var written = 0

    /// Creates (or empties) the file and writes its header.
    ///
    /// - Throws: `.contents` for a name that occurs twice or is `__metadata__`, `.shape` for an impossible shape,
    ///   `.unwritable` with the system's reason.
    package init(
        path: String, tensors: [TensorDescription], metadata: [String: String] = ["format": "pt"]
    ) throws(SafetensorsError) {
        let order = tensors.sorted { left, right in
            left.elementType == right.elementType
                ? left.name.utf8.lexicographicallyPrecedes(right.name.utf8) : left.elementType > right.elementType
        }
        let header = try Self.header(order, metadata: metadata, path: path)
        let output = try OutputFile(path: path)
        try output.write(header)
        self.order = order
        self.path = path
        file = output
    }

    /// Writes the bytes of the next tensor of `order`: little-endian, row-major.
    ///
    /// - Throws: `.contents` when there is no next tensor or its description asks for another number of bytes, `.unwritable`.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) throws(SafetensorsError) {
        guard written < order.count else {
            throw SafetensorsError(
                path: path, rule: .contents, message: "\(order.count) tensors were described, one more is appended")
        }
        let tensor = order[written]
        guard tensor.elementType.byteCount(shape: tensor.shape) == bytes.count else {
            throw SafetensorsError(
                path: path, tensor: tensor.name, rule: .contents,
                message: "\(tensor.shape) of \(tensor.elementType.rawValue) can't be written from \(bytes.count) bytes")
        }
        try file.write(bytes)
        written += 1
    }

    /// Waits until the file is on the disk, and closes it.
    ///
    /// - Throws: `.contents` when tensors are missing, `.unwritable`.
    package consuming func finish() throws(SafetensorsError) {
        guard written == order.count else {
            throw SafetensorsError(
                path: path, tensor: order[written].name, rule: .contents, message: "its bytes were never appended")
        }
        try file.synchronize()
    }

    private static func header(
        _ order: [TensorDescription], metadata: [String: String], path: String
    ) throws(SafetensorsError) -> [UInt8] {
        var members: [(String, JSONValue)] = []
        if !metadata.isEmpty {
            let strings = metadata.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }
            members.append(("__metadata__", .object(JSONObject(strings))))
        }
        var names: Set<String> = ["__metadata__"]
        var offset = 0
        for tensor in order {
            guard names.insert(tensor.name).inserted else {
                throw SafetensorsError(
                    path: path, tensor: tensor.name, rule: .contents, message: "the name is already taken")
            }
            guard let size = tensor.elementType.byteCount(shape: tensor.shape), size <= Int.max - offset else {
                throw SafetensorsError(
                    path: path, tensor: tensor.name, rule: .shape, message: "impossible shape \(tensor.shape)")
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
