import Files

/// What a model answers depends on: the files of its folder.
package enum ModelFingerprint {
    private static let names: Set = [
        "config.json", "vocab.txt", "vocab.json", "merges.txt", "sentencepiece.bpe.model", "tokenizer.json",
        "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json", "model.safetensors.index.json",
    ]

    /// The files that decide, by name, with their SHA-256; weights in several files come with them.
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
