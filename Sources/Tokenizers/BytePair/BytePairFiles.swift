import Files
import StrictJSON

/// The files of a byte pair encoding in a folder without a `tokenizer.json`: `vocab.json` and `merges.txt`.
struct BytePairFiles: Sendable {
    /// The tokens in the order of the file, and their ids.
    private(set) var pieces = PieceStorage()
    private(set) var ids: [Int32] = []
    /// The merges in the order of their ranks, the left piece and the right piece of each.
    let merges: PieceStorage

    /// Reads the files of a folder; `nil` if neither is there.
    ///
    /// - Throws: `TokenizerError` naming the file: `.missing` if only one of them is there, `.malformed` with the place
    ///   of what is wrong.
    init?(folder: String) throws(TokenizerError) {
        let (vocabularyPath, mergesPath) = (folder + "/vocab.json", folder + "/merges.txt")
        let vocabularyFile = try ModelFiles.mapIfPresent(vocabularyPath)
        let mergesFile = try ModelFiles.mapIfPresent(mergesPath)
        if vocabularyFile == nil && mergesFile == nil { return nil }
        guard let vocabularyFile else { throw Self.missing(vocabularyPath, beside: "merges.txt") }
        guard let mergesFile else { throw Self.missing(mergesPath, beside: "vocab.json") }
        merges = try Self.merges(mergesFile)
        do {
            try vocabularyFile.withBytes { bytes throws(JSONError) in try readVocabulary(bytes) }
        } catch {
            throw TokenizerError(.malformed, "\(vocabularyPath): \(error)")
        }
    }

    private static func missing(_ path: String, beside other: String) -> TokenizerError {
        TokenizerError(
            .missing, "\(path) is missing, but \(other) exists; a byte-level tokenizer needs both, or a tokenizer.json")
    }

    private mutating func readVocabulary(_ bytes: UnsafeRawBufferPointer) throws(JSONError) {
        var reader = JSONReader(bytes)
        try reader.beginObject()
        while let token = try reader.nextKey(first: ids.isEmpty) {
            pieces.append(token.utf8)
            ids.append(try reader.tokenID(of: token))
        }
        try reader.end()
    }

    /// Reads a `merges.txt`: two pieces with one space between them a line. Lines that begin with `#version` are left
    /// out wherever they are, as in the library, and so are empty ones.
    private static func merges(_ file: MappedFile) throws(TokenizerError) -> PieceStorage {
        defer { withExtendedLifetime(file) {} }
        var merges = PieceStorage()
        var number = 0
        for line in file.bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            number += 1
            let line = line.last == 0x0D ? line.dropLast() : line
            if line.isEmpty || PieceStorage.isVersion(line) { continue }
            guard merges.append(merge: line) else {
                throw TokenizerError(
                    .malformed, "\(file.path): line \(number) is not a merge: two pieces with one space between them")
            }
        }
        return merges
    }
}

extension PieceStorage {
    /// Appends the two pieces of a merge that is written with one space between them; `false` if it is not.
    mutating func append(merge line: some BidirectionalCollection<UInt8>) -> Bool {
        guard let space = line.firstIndex(of: 0x20) else { return false }
        let second = line[line.index(after: space)...]
        guard !second.contains(0x20) else { return false }
        append(line[..<space])
        append(second)
        return true
    }

    /// Whether a line of `merges.txt`, or an entry of `merges` in a `tokenizer.json`, says which version of the format
    /// it is.
    static func isVersion(_ line: some Sequence<UInt8>) -> Bool { line.starts(with: "#version".utf8) }
}
