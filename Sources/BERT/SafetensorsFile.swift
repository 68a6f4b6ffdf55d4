import Files

/// A tensor inside a memory-mapped file: what it is, and its bytes on demand.
public struct TensorView: Sendable {
    /// The type of its elements.
    public let elementType: ElementType
    /// Its dimensions, outermost first; empty for a scalar.
    public let shape: [Int]
    /// The size of its data in bytes.
    public var byteCount: Int { range.count }

    let file: MappedFile
    let range: Range<Int>

    /// Calls `body` with the tensor's bytes: little-endian, row-major, at any alignment.
    ///
    /// The file stays mapped during the call, so the pointer must not leave it. Pages are read from disk when touched.
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(file) {} }
        return try body(UnsafeRawBufferPointer(rebasing: file.bytes[range]))
    }

    /// Gives the memory of its pages back to the system: for data that was copied and is not read again. Should it be read
    /// all the same, it comes from the file.
    func releasePages() {
        file.release(range)
    }
}

/// A safetensors file, memory-mapped and checked: opening costs as much as its header.
public final class SafetensorsFile: Sendable {
    /// The file as the caller named it.
    public let path: String
    /// The names of its tensors in the order of their data.
    public let names: [String]
    /// Its `__metadata__`.
    public let metadata: [String: String]

    private let file: MappedFile
    private let entries: [String: SafetensorsHeader.Entry]

    /// Maps the file and checks its whole header; nothing of the data is read.
    public init(path: String) throws(SafetensorsError) {
        do {
            file = try MappedFile(path: path)
        } catch {
            throw SafetensorsError(path: path, rule: error.isMissing ? .missing : .unreadable, message: error.message)
        }
        let header = try SafetensorsHeader(file.bytes, path: path)
        self.path = path
        names = header.entries.map(\.name)
        metadata = header.metadata
        entries = Dictionary(uniqueKeysWithValues: header.entries.map { ($0.name, $0) })
    }

    /// The tensor of that name, if the file has it.
    public subscript(name: String) -> TensorView? {
        guard let entry = entries[name] else { return nil }
        return TensorView(elementType: entry.elementType, shape: entry.shape, file: file, range: entry.range)
    }
}
