import Files
import Foundation
import SQuAD
import StrictJSON

/// What a model card needs of the record of a run: `run.json`, and the model's configuration.
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

    /// The pretrained model's id on the hub, where it came from there.
    let baseModel: String?
    /// What the pretrained model is called.
    let baseName: String
    let trainFile: File?
    let validationFile: File?
    /// The run's options by their names.
    let options: JSONObject
    /// What may change the last bits of a run.
    let environment: JSONObject
    /// See `BertConfig.noAnswerThreshold`.
    let noAnswerThreshold: Double?

    /// The record in a run's directory; nil if it has none.
    ///
    /// - Throws: `FileError` for a file that is no JSON.
    init?(directory: String) throws(FileError) {
        guard let record = try Self.object("\(directory)/run.json") else { return nil }
        let model = record["model"]?.string ?? ""
        baseModel = Self.hubID(ofCached: model)
        baseName = baseModel ?? Self.lastComponent(model)
        trainFile = Self.file(record["data"]?["train_file"])
        validationFile = Self.file(record["data"]?["validation_file"])
        options = record["options"]?.object ?? JSONObject([])
        environment = record["environment"]?.object ?? JSONObject([])
        noAnswerThreshold = try Self.object("\(directory)/config.json")?["no_answer_threshold"]?.double
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

    /// The last part of a path: what is before it says how somebody's folders are called.
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
