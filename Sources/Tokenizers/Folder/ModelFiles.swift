import Files
import StrictJSON

/// Reads the files of a model folder.
enum ModelFiles {
    /// The file, `nil` if it is not there.
    static func mapIfPresent(_ path: String) throws(TokenizerError) -> MappedFile? {
        do {
            return try MappedFile(path: path)
        } catch {
            if error.isMissing { return nil }
            throw TokenizerError(error.kind == .contents ? .malformed : .inputOutput, "\(error)")
        }
    }

    /// The object in a JSON file, `nil` if the file is not there.
    static func object(_ path: String) throws(TokenizerError) -> JSONObject? {
        guard let file = try mapIfPresent(path) else { return nil }
        let value: JSONValue
        do {
            value = try file.withBytes(JSONValue.parse)
        } catch {
            throw TokenizerError(.malformed, "\(path): \(error)")
        }
        guard let object = value.object else { throw TokenizerError(.malformed, "\(path): expected a JSON object") }
        return object
    }

    /// The lines of a `vocab.txt`, one token each, without the white space at their ends.
    ///
    /// - Source: `WordPiece::read_file` of tokenizers 0.23.1, which trims so (`str::trim_end`).
    static func vocabularyLines(_ file: MappedFile) throws(TokenizerError) -> PieceStorage {
        defer { withExtendedLifetime(file) {} }
        let bytes = file.bytes
        // Decoding replaces what is not UTF-8, so that the text differs from its bytes.
        guard String(decoding: bytes, as: UTF8.self).utf8.elementsEqual(bytes) else {
            throw TokenizerError(
                .malformed, "\(file.path): it is not valid UTF-8; a vocab.txt holds one token a line in UTF-8")
        }
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        var pieces = PieceStorage()
        for line in lines { pieces.append(trimmed(line)) }
        return pieces
    }

    /// A line without the Unicode white space at its end.
    private static func trimmed(_ line: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        var line = line
        while let last = line.last {
            if last > 0x20 && last < 0x80 { break }
            let start = line.lastIndex { $0 & 0xC0 != 0x80 } ?? line.startIndex
            let scalar = String(decoding: line[start...], as: UTF8.self).unicodeScalars.first
            guard let scalar, scalar.properties.isWhitespace else { break }
            line = line[..<start]
        }
        return line
    }
}
