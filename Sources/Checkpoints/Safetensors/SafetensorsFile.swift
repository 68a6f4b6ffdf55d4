import Files

/// A tensor inside a memory-mapped file: what it is, and its bytes on demand.
package struct TensorView: Sendable {
    /// The type of its elements.
    package let elementType: ElementType
    /// Its dimensions, outermost first; empty for a scalar.
    package let shape: [Int]

    /// The file that the bytes are in; whoever keeps a pointer to them keeps this object.
    package let file: MappedFile
    let range: Range<Int>

    /// Calls `body` with the tensor's bytes: little-endian, row-major, at any alignment.
    ///
    /// The file stays mapped during the call, so the pointer must not leave it. Pages are read from disk when touched.
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(file) {} }
        return try body(UnsafeRawBufferPointer(rebasing: file.bytes[range]))
    }

    /// Returns the memory of its pages to the system, once the data has been copied. Pages that are read again come
    /// from the file.
    package func releasePages() {
        file.release(range)
    }
}

/// A safetensors file, memory-mapped and checked: opening costs as much as its header.
package final class SafetensorsFile: Sendable {
    /// The file as the caller named it.
    package let path: String
    /// The names of its tensors in the order of their data.
    package let names: [String]
    /// Its `__metadata__`.
    package let metadata: [String: String]

    private let file: MappedFile
    private let entries: [String: SafetensorsHeader.Entry]

    /// Maps the file and checks its whole header; the data is not read.
    ///
    /// - Throws: `CheckpointError` that names the tensor and the rule of the format that it breaks.
    package init(path: String) throws(CheckpointError) {
        file = try CheckpointFile.map(path)
        let header = try SafetensorsHeader(file.bytes, path: path)
        self.path = path
        names = header.entries.map(\.name)
        metadata = header.metadata
        entries = Dictionary(uniqueKeysWithValues: header.entries.map { ($0.name, $0) })
    }

    /// The tensor of that name, if the file has it.
    package subscript(name: String) -> TensorView? {
        guard let entry = entries[name] else { return nil }
        return TensorView(elementType: entry.elementType, shape: entry.shape, file: file, range: entry.range)
    }

    /// Checks that nobody has written to the file since it was opened.
    ///
    /// - Throws: `CheckpointError` of kind `.unreadable`.
    package func checkUnchanged() throws(CheckpointError) {
        do {
            try file.checkUnchanged()
        } catch {
            throw CheckpointError(
                path: path, kind: .unreadable,
                message: "\(error.message), so that its numbers may be wrong; load it again")
        }
    }
}
