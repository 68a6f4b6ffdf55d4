import Files
import Foundation
import StrictJSON

/// The checkpoints of a run: `checkpoints/step-00000500/` and so on, each with a manifest of its files.
package struct CheckpointStore: Sendable {
    /// The directory that holds them.
    package let directory: String
    /// The number of checkpoints that are kept, the newest ones.
    package let kept: Int

    private static let manifest = "manifest.json"

    /// The store below a run's output directory.
    package init(outputDirectory: String, kept: Int) {
        directory = "\(outputDirectory)/checkpoints"
        self.kept = kept
    }

    /// Where the checkpoint of a step is.
    package func path(step: Int) -> String {
        let digits = String(step)
        return "\(directory)/step-\(String(repeating: "0", count: max(0, 8 - digits.utf8.count)))\(digits)"
    }

    /// Saves a checkpoint that appears whole or not at all, then removes surplus ones and those of later steps, which a
    /// run that continues after this step has left behind.
    ///
    /// - Parameter body: writes the checkpoint's files into the directory it is given.
    /// - Throws: `FileError`; the output directory must exist and is not created.
    package func save(step: Int, _ body: (String) throws -> Void) throws(FileError) {
        try DurableFiles.makeDirectory(inExisting: directory)
        try DurableFiles.replaceDirectory(path(step: step)) { temporary in
            try body(temporary)
            try Self.writeManifest(of: temporary)
        }
        let steps = try steps().sorted(by: >)
        for other in steps.filter({ $0 > step }) + steps.filter({ $0 <= step }).dropFirst(kept) {
            try DurableFiles.remove(path(step: other))
        }
        try removeUnfinished()
    }

    /// Removes what a killed run had begun to write.
    private func removeUnfinished() throws(FileError) {
        for name in try names() where name.hasSuffix(DurableFiles.partial) || name.hasSuffix(DurableFiles.replaced) {
            try DurableFiles.remove("\(directory)/\(name)")
        }
    }

    /// The newest checkpoint whose files match its manifest; `warn` is called for each one that does not.
    package func newestWhole(warn: (String) -> Void) throws(FileError) -> (step: Int, path: String)? {
        for name in try names() where name.hasSuffix(DurableFiles.replaced) {
            try DurableFiles.recoverDirectory("\(directory)/\(name.dropLast(DurableFiles.replaced.utf8.count))")
        }
        for step in try steps().sorted(by: >) {
            let path = path(step: step)
            do {
                try Self.verify(path)
                return (step, path)
            } catch {
                warn("\(error); trying an older checkpoint")
            }
        }
        return nil
    }

    /// The steps that have a checkpoint, whole or not.
    private func steps() throws(FileError) -> [Int] {
        try names().compactMap { name in
            name.hasPrefix("step-") ? Int(name.dropFirst(5)) : nil
        }
    }

    private func names() throws(FileError) -> [String] {
        guard FileManager.default.fileExists(atPath: directory) else { return [] }
        return try DurableFiles.names(in: directory)
    }

    private static func writeManifest(of directory: String) throws {
        var files: [(String, JSONValue)] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: directory).sorted() {
            let size = try MappedFile(path: "\(directory)/\(name)").bytes.count
            let digest = try FileDigest.sha256(path: "\(directory)/\(name)")
            files.append((name, ["bytes": .int(size), "sha256": .string(digest)]))
        }
        let text = JSONValue.object(["files": .object(JSONObject(files))]).serialized(pretty: true)
        try DurableFiles.write(text + "\n", to: "\(directory)/\(manifest)")
    }

    /// Compares a checkpoint's files with its manifest.
    private static func verify(_ directory: String) throws(FileError) {
        let path = "\(directory)/\(manifest)"
        let value: JSONValue
        do {
            value = try MappedFile(path: path).withBytes(JSONValue.parse)
        } catch {
            throw FileError(path: directory, message: "the checkpoint is not whole (\(error))")
        }
        guard let files = value["files"]?.object, !files.isEmpty else {
            throw FileError(path: directory, message: "the checkpoint's manifest lists no files")
        }
        for (name, entry) in files {
            let digest: String
            do {
                digest = try FileDigest.sha256(path: "\(directory)/\(name)")
            } catch {
                throw FileError(path: directory, message: "the checkpoint is not whole: \(name) \(error.message)")
            }
            guard digest == entry["sha256"]?.string else {
                throw FileError(path: directory, message: "the checkpoint is damaged: \(name) has a different checksum")
            }
        }
    }
}
