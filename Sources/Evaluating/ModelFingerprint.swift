import Files

/// The files of a model's folder, which its answers depend on.
package enum ModelFingerprint {
    private static let names: Set = [
        "config.json", "vocab.txt", "vocab.json", "merges.txt", "sentencepiece.bpe.model", "tokenizer.json",
        "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json", "model.safetensors.index.json",
    ]

    /// The files that answers depend on, by name, with their SHA-256; sharded weights are included.
    ///
    /// - Throws: `FileError` that names the folder or the file.
    package static func files(of folder: String) throws(FileError) -> [(name: String, sha256: String)] {
        var files: [(name: String, sha256: String)] = []
        for name in try DurableFiles.names(in: folder).sorted()
        where names.contains(name) || name.hasSuffix(".safetensors") {
            files.append((name, try FileDigest.sha256(path: "\(folder)/\(name)")))
        }
        return files
    }

    /// One SHA-256 of all of them.
    ///
    /// - Throws: as `files`.
    package static func sha256(of folder: String) throws(FileError) -> String {
        FileDigest.sha256(of: try files(of: folder).map { "\($0.name) \($0.sha256)\n" }.joined())
    }
}
