import ArgumentParser
import Files
import FineTuning
import Foundation
import StrictJSON
import Yams

/// The settings of a training run as a file has them: YAML, or a `run.json` that an earlier run has recorded.
struct SettingsFile {
    /// The preset that the file names.
    private(set) var preset: TrainingPreset?
    /// Names and values in the order of the file.
    private(set) var settings: [(name: String, value: JSONValue)] = []
    private let path: String

    /// The most bytes of a file. Settings, and what `run.json` records, take some thousands.
    private static let largest = 1 << 20

    /// Reads a file.
    ///
    /// - Throws: `FileError` or `TrainingError.options`, naming the file and the setting.
    init(path: String) throws {
        self.path = path
        let bytes = try MappedFile(path: path).withBytes { Data($0) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FileError(path: path, message: "the text is not UTF-8; convert it, for example with iconv")
        }
        // Aliases of aliases of lists grow beyond any memory, and settings need none. Without an anchor there is no
        // alias; it begins after a blank or a mark.
        if bytes.count > Self.largest || text.contains(/(?:^|[\s\[\]{},:?\-])&[^\s\[\]{},]/) {
            throw TrainingError.options(
                "--config \(path): names with values were expected, at most \(Self.largest) bytes without anchors "
                    + "(&name)")
        }
        let document: Any?
        do {
            document = try Yams.load(yaml: text)
        } catch {
            throw TrainingError.options("--config \(path): not valid YAML: \(error)")
        }
        guard let members = document as? [String: Any], !members.isEmpty else {
            throw TrainingError.options(
                "--config \(path): names with values were expected, such as `learning_rate: 3e-5`")
        }
        if members["command"] != nil, let options = members["options"] as? [String: Any] {
            try read(record: members, options: options)
        } else {
            for name in members.keys.sorted() { try read(name, members[name]) }
        }
    }

    /// Sets what the file says.
    func apply(to options: inout TrainingOptions) throws {
        for (name, value) in settings {
            do {
                try options.set(name, to: value)
            } catch {
                throw TrainingError.options("--config \(path): \(error)")
            }
        }
    }

    /// What `run.json` recorded; the output directory is not taken over, so that nothing is trained on top of it.
    private mutating func read(record: [String: Any], options: [String: Any]) throws {
        try read("model", record["model"])
        for (name, value) in record["data"] as? [String: Any] ?? [:] {
            let files = value as? [[String: Any]] ?? [value as? [String: Any] ?? [:]]
            let texts = files.map { (($0["path"] as? String) ?? "") + (($0["rules"] as? String) ?? "") }
            try read(name, texts.count == 1 ? texts[0] : texts)
        }
        for name in options.keys.sorted() { try read(name, options[name]) }
    }

    private mutating func read(_ name: String, _ value: Any?) throws {
        if name == "preset" {
            guard let preset = (value as? String).flatMap(TrainingPreset.init(rawValue:)) else {
                throw TrainingError.options("--config \(path): preset: tutorial or fast was expected")
            }
            self.preset = preset
            return
        }
        let converted: JSONValue =
            switch value {
            case let value as Bool: .bool(value)
            case let value as Int: .int(value)
            case let value as Double: .double(value)
            case let value as String: .string(value)
            case let values as [String] where ["train_file", "teacher"].contains(name):
                .array(values.map(JSONValue.string))
            case nil, is NSNull: .null
            default:
                throw TrainingError.options("--config \(path): \(name): one value was expected, not a list or a map")
            }
        settings.append((name, converted))
    }
}
