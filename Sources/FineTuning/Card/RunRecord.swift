import Files
import Foundation
import SQuAD
import StrictJSON

/// The parts of a run's record that a model card needs: of `run.json` and the model's configuration.
struct RunRecord {
    /// A dataset of the run.
    struct File {
        /// Its name, without its folder.
        let name: String
        /// Which of SQuAD's official files it is, by its contents.
        let official: OfficialFile?
        /// The SHA-256 of its contents.
        let sha256: String?
    }

    /// The pretrained model's id on the hub, if it came from there.
    let baseModel: String?
    /// The pretrained model's name.
    let baseName: String
    /// The files that were trained on.
    let trainFiles: [File]
    let validationFile: File?
    /// The run's options by their names.
    let options: JSONObject
    /// What may change the last bits of a run.
    let environment: JSONObject
    /// See `BertConfig.noAnswerThreshold`.
    let noAnswerThreshold: Double?

    /// The record in a run's directory; nil if it has none.
    ///
    /// - Throws: `FileError` for a file that is not JSON.
    init?(directory: String) throws(FileError) {
        guard let record = try Self.object("\(directory)/run.json") else { return nil }
        let model = record["model"]?.string ?? ""
        baseModel = Self.hubID(ofCached: model)
        baseName = baseModel ?? Self.lastComponent(model)
        let trained = record["data"]?["train_file"]
        trainFiles = (trained?.array ?? trained.map { [$0] } ?? []).compactMap { Self.file($0) }
        validationFile = Self.file(record["data"]?["validation_file"])
        options = record["options"]?.object ?? JSONObject([])
        environment = record["environment"]?.object ?? JSONObject([])
        noAnswerThreshold = try Self.object("\(directory)/config.json")?["no_answer_threshold"]?.double
    }

    /// The file that was trained on, if there was only one.
    var trainFile: File? { trainFiles.count == 1 ? trainFiles[0] : nil }

    /// The names of the files that were trained on, for people: `a`, `b` and `c`.
    var trainNames: String {
        let names = trainFiles.map { Markdown.code($0.name) }
        guard names.count > 1 else { return names.first ?? Markdown.code("") }
        return names.dropLast().joined(separator: ", ") + " and " + names[names.count - 1]
    }

    /// The id of a model that is in the hub's cache.
    private static func hubID(ofCached folder: String) -> String? {
        let cached = /(?:.*\/)?models--([A-Za-z0-9._-]+)\/(?:snapshots|bertqa)\/[0-9a-fA-F]{40}\/?/
        guard let match = folder.wholeMatch(of: cached) else { return nil }
        return String(match.1).replacing("--", with: "/")
    }

    private static func file(_ entry: JSONValue?) -> File? {
        guard let path = entry?["path"]?.string else { return nil }
        let sha256 = entry?["sha256"]?.string
        return File(
            name: lastComponent(path), official: OfficialFile.all.first { $0.sha256 == sha256 }, sha256: sha256)
    }

    /// The last part of a path; the rest would show the names of somebody's folders.
    static func lastComponent(_ path: String) -> String { URL(fileURLWithPath: path).lastPathComponent }

    private static func object(_ path: String) throws(FileError) -> JSONObject? {
        do {
            return try MappedFile(path: path).withBytes(JSONValue.parse).object
        } catch let error as FileError {
            if error.isMissing { return nil }
            throw error
        } catch {
            throw FileError(path: path, kind: .contents, message: "not valid JSON: \(error)")
        }
    }
}
