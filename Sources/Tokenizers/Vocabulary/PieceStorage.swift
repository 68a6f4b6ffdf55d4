/// The spellings of tokens, one after the other.
struct PieceStorage: Sendable {
    private(set) var bytes: [UInt8] = []
    private var ends: [Int] = []

    var count: Int { ends.count }
    var indices: Range<Int> { 0..<ends.count }

    mutating func append(_ piece: some Sequence<UInt8>) {
        bytes.append(contentsOf: piece)
        ends.append(bytes.count)
    }

    /// Where the bytes of the piece at a place are.
    func range(_ place: Int) -> Range<Int> { (place == 0 ? 0 : ends[place - 1])..<ends[place] }

    subscript(place: Int) -> String { String(decoding: bytes[range(place)], as: UTF8.self) }

    /// Whether the pieces at two places are spelled alike.
    func areEqual(_ first: Int, _ second: Int) -> Bool { bytes[range(first)] == bytes[range(second)] }

    /// - Throws: `TokenizerError` (`.vocabulary`) if a `ByteTrie` cannot hold so many bytes.
    func checkSize(_ what: String) throws(TokenizerError) {
        guard bytes.count < ByteTrie.maximumNodes else {
            throw TokenizerError(.vocabulary, "the \(what) hold \(bytes.count) bytes of text; at most 16 MiB fit")
        }
    }
}
