import Files
import StrictJSON

/// Reads the files of a model folder.
enum ModelFiles {
    static func map(_ path: String) throws(TokenizerError) -> MappedFile {
        do {
            return try MappedFile(path: path)
        } catch {
            throw TokenizerError(error.isMissing ? .missing : .inputOutput, "\(error)")
        }
    }

    /// The file, `nil` if it is not there.
    static func mapIfPresent(_ path: String) throws(TokenizerError) -> MappedFile? {
        do {
            return try MappedFile(path: path)
        } catch {
            if error.isMissing { return nil }
            throw TokenizerError(.inputOutput, "\(error)")
        }
    }

    static func json(_ path: String) throws(TokenizerError) -> JSONValue? {
        guard let file = try mapIfPresent(path) else { return nil }
        do {
            return try file.withBytes(JSONValue.parse)
        } catch {
            throw TokenizerError(.malformed, "\(path): \(error)")
        }
    }

    /// The lines of a `vocab.txt`, one token each, exactly as they stand there but for the line ends.
    static func vocabularyLines(_ file: MappedFile) throws(TokenizerError) -> PieceStorage {
        let bytes = file.bytes
        // Decoding replaces what is not UTF-8, so that the text differs from its bytes.
        guard String(decoding: bytes, as: UTF8.self).utf8.elementsEqual(bytes) else {
            throw TokenizerError(
                .malformed, "\(file.path): it is not valid UTF-8; a vocab.txt holds one token a line in UTF-8")
        }
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        var pieces = PieceStorage()
        for line in lines { pieces.append(line.last == 0x0D ? line.dropLast() : line) }
        return pieces
    }
}
