import Files
import Foundation

/// The files of a model's folder that belong beside an exported model: its configuration and its tokenizer, as they
/// are.
struct Companions {
    /// The names that transformers looks for.
    private static let names = [
        "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "vocab.txt", "vocab.json", "merges.txt", "sentencepiece.bpe.model", "spiece.model", "tokenizer.model",
    ]

    private let source: String
    private let destination: String
    /// The names that are in the model's folder.
    private let names: [String]

    /// Those of a model's folder, to be copied into another one.
    init(of source: String, in destination: String) {
        (self.source, self.destination) = (source, destination)
        let isSame = Self.resolved(source) == Self.resolved(destination)
        names = isSame ? [] : Self.names.filter { FileManager.default.fileExists(atPath: "\(source)/\($0)") }
    }

    private static func resolved(_ path: String) -> URL { URL(fileURLWithPath: path).resolvingSymlinksInPath() }

    /// Refuses to take the place of another model's files.
    ///
    /// - Throws: `ExportError` that names the file.
    func check() throws(ExportError) {
        for name in names where try isOther(name) {
            throw ExportError(
                .output,
                "\(destination)/\(name): it is there already and differs from the one in \(source); export into a "
                    + "folder of its own, or remove the file")
        }
    }

    /// Copies what is not there yet.
    ///
    /// - Returns: the paths of the copies.
    /// - Throws: `ExportError`.
    func copy() throws(ExportError) -> [String] {
        var copies: [String] = []
        for name in names where !FileManager.default.fileExists(atPath: "\(destination)/\(name)") {
            let path = "\(destination)/\(name)"
            do {
                try DurableFiles.copy("\(source)/\(name)", to: path)
            } catch {
                throw ExportError(writing: error.whileWriting(path))
            }
            copies.append(path)
        }
        return copies
    }

    /// Whether a file of that name is there and has other contents.
    private func isOther(_ name: String) throws(ExportError) -> Bool {
        guard FileManager.default.fileExists(atPath: "\(destination)/\(name)") else { return false }
        do {
            let digests = try (
                FileDigest.sha256(path: "\(source)/\(name)"), FileDigest.sha256(path: "\(destination)/\(name)")
            )
            return digests.0 != digests.1
        } catch {
            throw ExportError(.output, "\(error)")
        }
    }
}
