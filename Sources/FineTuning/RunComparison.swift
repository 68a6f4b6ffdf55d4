import Files
import Foundation
import StrictJSON

/// Compares the files of two runs: the model, the newest checkpoint, the statistics, TensorBoard's values.
///
/// Measured times (seconds, rates, the folder `tensorboard/throughput`) and the record of the start (`run.json`) are
/// left out, since no two runs agree in them.
package struct RunComparison: Sendable {
    /// The files compared, as paths below the runs' directories.
    package private(set) var files: [String] = []
    /// Those that differ or that only one run has, with the differences.
    package private(set) var differences: [String] = []

    /// Reads both runs.
    ///
    /// - Throws: `FileError` that names what cannot be read.
    package init(_ one: String, _ other: String) throws(FileError) {
        let (left, right) = (try Self.files(of: one), try Self.files(of: other))
        for name in left.union(right).sorted() {
            files.append(name)
            guard left.contains(name), right.contains(name) else {
                differences.append("\(name) is only in \(left.contains(name) ? one : other)")
                continue
            }
            let (a, b) = (try Self.content("\(one)/\(name)"), try Self.content("\(other)/\(name)"))
            if a != b { differences.append("\(name) differs (\(a), \(b))") }
        }
    }

    private static func files(of run: String) throws(FileError) -> Set<String> {
        var result: Set<String> = []
        let store = CheckpointStore(outputDirectory: run, kept: 1)
        let checkpoint = try store.newestWhole(warn: { _ in }).map { $0.path.dropFirst(run.utf8.count + 1) }
        for folder in ["", "tensorboard"] + (checkpoint.map { [String($0)] } ?? []) {
            let path = folder.isEmpty ? run : "\(run)/\(folder)"
            guard FileManager.default.fileExists(atPath: path) || folder.isEmpty else { continue }
            for name in try DurableFiles.names(in: path) where isCompared(name) {
                result.insert(folder.isEmpty ? name : "\(folder)/\(name)")
            }
        }
        return result
    }

    /// Folders, the lock, records of the start, the model card, which has the folder's name, pictures of times, and the
    /// manifest, which has the state's checksum.
    private static func isCompared(_ name: String) -> Bool {
        name.contains(".") && !["run.json", "README.md", ".lock", "manifest.json"].contains(name)
            && !name.hasPrefix("learning_curve")
    }

    /// The checksum of a file; for JSON, of its contents except times.
    private static func content(_ path: String) throws(FileError) -> String {
        guard path.hasSuffix("training_stats.json") || path.hasSuffix("state.json") else {
            return try FileDigest.sha256(path: path)
        }
        do {
            return try withoutTimes(try MappedFile(path: path).withBytes(JSONValue.parse)).serialized()
        } catch {
            throw FileError(path: path, message: "\(error)")
        }
    }

    private static func withoutTimes(_ value: JSONValue) throws -> JSONValue {
        switch value {
        case .array(let elements): return .array(try elements.map(withoutTimes))
        case .object(let object):
            let isTime = { (key: String) in
                key.contains("seconds") || key.contains("per_second") || key.contains("time") || key == "throughput"
            }
            return .object(
                JSONObject(try object.filter { !isTime($0.key) }.map { ($0.key, try withoutTimes($0.value)) }))
        default: return value
        }
    }
}
