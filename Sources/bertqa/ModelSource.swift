import ArgumentParser
import BERT
import Checkpoints
import Files
import Foundation
import Hub
import QuestionAnswering
import Tokenizers

/// Where the model of `--model` comes from: a folder, or the hub.
enum ModelSource {
    /// The folder of a model; one that is named by its id on the hub is fetched first.
    ///
    /// A folder wins over a model of the same name; what looks like a path, or begins with a folder that is here, is
    /// never asked for.
    ///
    /// - Parameter allowsPickle: whether weights that there are only as a pickle are converted.
    static func folder(_ model: String, allowsPickle: Bool = false) async throws -> String {
        if FileManager.default.fileExists(atPath: model) {
            if allowsPickle, PickleConversion.pickle(in: model) != nil, !hasWeights(model) { try convert(model) }
            return model
        }
        guard let id = HubModelID(model), !beginsWithFolder(model) else { return model }
        do {
            return try await download(id, allowsPickle: allowsPickle)
        } catch  where error is HubError || error is NeedsConversion {
            throw NoModel(name: model, error: error)
        }
    }

    /// The folders of several models, as `folder`.
    static func folders(_ models: [String], allowsPickle: Bool) async throws -> [String] {
        var folders: [String] = []
        for model in models { folders.append(try await folder(model, allowsPickle: allowsPickle)) }
        return folders
    }

    /// The reader of the models in these folders, which answer together; of one model if there is one.
    static func reader(_ folders: [String], options: ReaderOptions) async throws -> Reader {
        try await Reader.load(folders[0], with: Array(folders.dropFirst()), options: options)
    }

    /// The tokenizer of a folder; what is unusual about its files is said on standard error.
    static func tokenizer(of folder: String) throws(TokenizerError) -> Tokenizer {
        let tokenizer = try Tokenizer(directory: folder)
        for warning in tokenizer.warnings { StandardError.write("warning: \(warning)\n") }
        return tokenizer
    }

    private static func hasWeights(_ folder: String) -> Bool {
        ["model.safetensors", "model.safetensors.index.json"].contains {
            FileManager.default.fileExists(atPath: "\(folder)/\($0)")
        }
    }

    @Sendable
    private static func convert(_ folder: String) throws {
        StandardError.write("converting \(folder)/pytorch_model.bin to model.safetensors\n")
        try PickleConversion.convert(directory: folder)
    }

    private static func beginsWithFolder(_ model: String) -> Bool {
        guard let first = model.split(separator: "/").first, model.contains("/") else { return false }
        return FileManager.default.fileExists(atPath: String(first))
    }

    /// Neither a folder nor a model of the hub.
    struct NoModel: Error, CustomStringConvertible {
        let name: String
        let error: any Error
        var description: String { "--model \(name): there is no such folder here, and as a hub id: \(error)" }
    }

    /// Weights that there are only as a pickle.
    struct NeedsConversion: Error, CustomStringConvertible {
        let error: HubError
        var description: String { "\(error); --allow-pickle allows the conversion" }
    }

    /// Fetches a model where it is not in the cache, with progress on standard error.
    static func download(_ id: HubModelID, allowsPickle: Bool) async throws -> String {
        try await DownloadMeter.showing { report in
            let hub = Hub(
                settings: HubSettings(environment: ProcessInfo.processInfo.environment), progress: report,
                warn: { StandardError.write("warning: \($0)\n") },
                convert: allowsPickle ? convert : nil)
            do {
                return try await hub.model(id)
            } catch HubError.pickleOnly(let id) {
                throw NeedsConversion(error: .pickleOnly(id))
            }
        }
    }
}

extension ArgumentHelp {
    /// The help of `--model` where several models may answer together.
    static let models = ArgumentHelp(
        "A fine-tuned model: its folder, or its id on the Hugging Face hub. Several, with the same tokenizer, answer "
            + "together: probabilities are the means of theirs.")
}
