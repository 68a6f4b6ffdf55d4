import Files
import SQuAD
import StrictJSON
import Torch

/// What predictions depend on: two runs of the same identity write the same bytes.
package struct PredictionIdentity: Sendable {
    /// Which part of the dataset is answered.
    package let shard: DatasetShard
    private let parts: [(name: String, values: [(name: String, value: JSONValue)])]
    private let environment: RunEnvironment

    /// Takes fingerprints of the model's files and of the data.
    ///
    /// - Parameters:
    ///   - folders: those of the models that answer together.
    ///   - options: names and values of what the user may choose, with defaults filled in.
    package init(
        models folders: [String], data: String, options: [(String, JSONValue)], shard: DatasetShard, device: Device
    ) throws {
        self.shard = shard
        var model: [(name: String, value: JSONValue)] = []
        for (number, folder) in folders.enumerated() {
            for file in try ModelFingerprint.files(of: folder) {
                let place = number == 0 ? file.name : "\(file.name) of model \(number + 1)"
                model.append((place, .string(file.sha256)))
            }
        }
        parts = [
            ("model", model), ("data", [("sha256", .string(try DatasetFile.sha256(data)))]),
            ("options", options.map { (name: $0.0, value: $0.1) }),
        ]
        environment = RunEnvironment(device: device)
    }

    /// As members of a JSON object.
    var members: [(String, JSONValue)] {
        [("shard", .string("\(shard)"))]
            + parts.map { ($0.name, .object(JSONObject($0.values.map { ($0.name, $0.value) }))) }
            + [("environment", environment.json)]
    }

    /// The differences from another run's record, such as `max_length (384, now 256)`; shards are not compared.
    func differences(from other: JSONValue) -> [String] {
        Self.differences(from: other, to: .object(JSONObject(members)))
    }

    /// The differences that change the last bits at most: versions, device, threads; in the form of `differences`.
    func circumstances(from other: JSONValue) -> [String] { environment.differences(from: other["environment"]) }

    /// The values for records from before these options existed.
    private static let earlierValues: [String: JSONValue] = ["max_answer_length": .int(30), "min_score": .null]

    /// The same for the records of two runs.
    static func differences(from old: JSONValue, to new: JSONValue) -> [String] {
        var result: [String] = []
        for part in ["model", "data", "options"] {
            let (before, now) = (old[part]?.object ?? JSONObject([]), new[part]?.object ?? JSONObject([]))
            let names = now.map(\.key) + before.map(\.key).filter { now[$0] == nil }
            for name in names where (before[name] ?? earlierValues[name])?.serialized() != now[name]?.serialized() {
                switch part {
                case "model": result.append("the model's \(name)")
                case "data": result.append("the data, which has other contents")
                default:
                    let value: (JSONValue?) -> String = { $0?.serialized() ?? "not given" }
                    result.append("\(name) (\(value(before[name])), now \(value(now[name])))")
                }
            }
        }
        return result
    }
}
