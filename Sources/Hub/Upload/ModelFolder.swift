import Checkpoints
import Files
import Foundation

/// Which files of a folder are a model's.
///
/// They are chosen by name, so that nothing else is ever sent: no checkpoints, no `run.json` with its paths, no data,
/// and no secrets that happen to be there.
enum ModelFolder {
    private static let configuration = ["config.json"]
    private static let tokenizer = [
        "vocab.txt", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "vocab.json", "merges.txt", "sentencepiece.bpe.model", "spiece.model", "tokenizer.model",
    ]
    private static let vocabularies: Set = [
        "vocab.txt", "tokenizer.json", "vocab.json", "sentencepiece.bpe.model", "spiece.model", "tokenizer.model",
    ]
    private static let others = [
        "README.md", "LICENSE", "LICENSE.txt", "LICENSE.md", "NOTICE", "training_stats.json", "learning_curve.png",
        "learning_curve.svg",
    ]

    /// The files of a model's folder that are sent, with their digests.
    ///
    /// - Throws: `FileError` for a folder without configuration, weights or vocabulary, and for files that cannot be
    ///   read; `CheckpointError` for an index of weights that is none.
    static func files(in folder: String) throws -> [UploadedFile] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
            throw FileError(path: folder, kind: .missing, message: "there is no such folder")
        }
        guard isFolder.boolValue else {
            throw FileError(path: folder, kind: .contents, message: "it is a file; a model's folder was expected")
        }
        let there = Set(try DurableFiles.names(in: folder))
        guard there.contains("config.json") else { throw missing(folder, "config.json") }
        guard !there.isDisjoint(with: vocabularies) else { throw missing(folder, "vocab.txt or tokenizer.json") }
        let names =
            configuration + (tokenizer + others).filter(there.contains) + (try exports(in: folder, there))
            + (try weights(in: folder, there))
        for name in names { try checkPlace(of: name, in: folder) }
        return try names.map { name throws(FileError) in try UploadedFile(name: name, folder: folder) }
    }

    /// Refuses a link that leads out of the folder: in a repository that somebody else has made, it may lead to what is
    /// nobody's business. Those of the hub's cache lead to the contents beside the snapshots.
    private static func checkPlace(of name: String, in folder: String) throws(FileError) {
        let root = URL(fileURLWithPath: folder).resolvingSymlinksInPath()
        let blobs = root.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("blobs")
        let place = URL(fileURLWithPath: "\(folder)/\(name)").resolvingSymlinksInPath().path
        guard [root, blobs].contains(where: { place.hasPrefix("\($0.path)/") }) else {
            throw FileError(
                path: "\(folder)/\(name)", kind: .contents,
                message: "it is a link that leads out of the folder, and is not followed; copy the file here to send it"
            )
        }
    }

    /// What `export` wrote, into the folder itself or into `onnx`, where transformers.js looks for it.
    private static func exports(in folder: String, _ there: Set<String>) throws(FileError) -> [String] {
        func isExport(_ name: String) -> Bool {
            ShardedIndex.isPlainFileName(name) && (name.hasSuffix(".onnx") || name.hasSuffix(".onnx_data"))
        }
        let below = try FileKind(path: "\(folder)/onnx") == .directory ? DurableFiles.names(in: "\(folder)/onnx") : []
        return there.filter(isExport).sorted() + below.filter(isExport).sorted().map { "onnx/\($0)" }
    }

    private static func weights(in folder: String, _ there: Set<String>) throws -> [String] {
        if there.contains("model.safetensors") { return ["model.safetensors"] }
        let index = "model.safetensors.index.json"
        guard there.contains(index) else {
            throw there.contains("pytorch_model.bin")
                ? FileError(
                    path: folder, kind: .contents,
                    message: "its weights are a Python pickle only; `bertqa train` and `bertqa evaluate` convert it "
                        + "with `allow_pickle`, and safetensors are sent")
                : missing(folder, "model.safetensors")
        }
        return [index] + (try ShardedIndex(path: "\(folder)/\(index)").files)
    }

    private static func missing(_ folder: String, _ name: String) -> FileError {
        FileError(
            path: folder, kind: .missing,
            message: "there is no \(name), so this is not a model; give the folder of a run or of a model")
    }

    /// Whether a file of a repository would count as part of the model: one that is there from another model changes
    /// what is loaded.
    static func isPartOfModel(_ name: String) -> Bool {
        if (configuration + tokenizer).contains(name) { return true }
        let weights = /(model|pytorch_model)(-\d{5}-of-\d{5})?\.(safetensors|bin)(\.index\.json)?/
        return name.wholeMatch(of: weights) != nil
    }
}
