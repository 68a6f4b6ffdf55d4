import Evaluating
import Charts
import BERT
import Console
import Files
import Foundation
import QuestionAnswering
import SQuAD
import StrictJSON
import Torch

/// The output directory of a run: the best epoch's model, the record of the run, and its statistics.
struct RunDirectory {
    let path: String
    private let lock: FileLock

    /// Takes the directory for this run.
    ///
    /// - Throws: `TrainingError.output` if it cannot be created or written to, belongs to another run, holds a run and
    ///   `resume` is off, or holds a model that no run has made.
    init(options: TrainingOptions) throws(TrainingError) {
        path = options.outputDirectory
        do {
            try DurableFiles.makeDirectory(path)
            lock = try Self.lock(path)
            try DurableFiles.removeUnfinished(in: path)
        } catch {
            throw .output("`output_dir` \(error)")
        }
        let holdsRun = FileManager.default.fileExists(atPath: "\(path)/run.json")
        if !options.resume, holdsRun {
            throw .output(
                "`output_dir` \(path) already holds a run; continue it with `resume`, or choose another directory")
        }
        if !holdsRun, let file = Self.modelFile(in: path) {
            throw .output(
                "`output_dir` \(path) already holds a model (\(file)), which this run would replace; choose another "
                    + "directory")
        }
    }

    /// The name of a file of a model's that is in a directory, such as that of the pretrained model.
    private static func modelFile(in directory: String) -> String? {
        ["config.json", "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"]
            .first { FileManager.default.fileExists(atPath: "\(directory)/\($0)") }
    }

    /// Writes `run.json`: every resolved option, versions, device, threads, fingerprints of the data.
    func writeRecord(
        options: TrainingOptions, environment: RunEnvironment, command: [String]
    ) throws(TrainingError) {
        try TrainingError.wrapping(.output) {
            let sources = try options.trainFiles.map(Self.fingerprint)
            var files: [(String, JSONValue)] = [("train_file", sources.count == 1 ? sources[0] : .array(sources))]
            if let file = options.validationFile {
                files.append(("validation_file", try Self.fingerprint(TrainingSource(file))))
            }
            let teachers = try options.teachers.map(Self.fingerprint)
            if !teachers.isEmpty { files.append(("teacher", .array(teachers))) }
            let record = JSONValue.object([
                "command": .array(command.map(JSONValue.string)), "model": .string(options.model),
                "options": options.record, "data": .object(JSONObject(files)), "environment": environment.json,
                "started": .string(Date().ISO8601Format()),
            ])
            try DurableFiles.write(record.serialized(pretty: true) + "\n", to: "\(path)/run.json")
        }
    }

    /// Compares the data with that of the run to be resumed.
    ///
    /// - Throws: `TrainingError.data` that names the file with other contents.
    func checkData(_ options: TrainingOptions) throws(TrainingError) {
        let record = try TrainingError.wrapping(.output, "the data of the run is unknown: ") {
            try MappedFile(path: "\(path)/run.json").withBytes(JSONValue.parse)
        }
        try compare(options.teachers, with: record["data"]?["teacher"]?.array ?? [])
        try compare(options.trainFiles, with: record["data"]?["train_file"])
        if let file = options.validationFile {
            try compare([TrainingSource(file)], with: record["data"]?["validation_file"])
        }
    }

    /// Compares the teachers with those that the record has.
    private func compare(_ teachers: [String], with record: [JSONValue]) throws(TrainingError) {
        guard teachers.count == record.count else {
            throw .data(
                "the run in \(path) was started with \(record.count) of `teacher`, not \(teachers.count); resume with "
                    + "the same ones, or start a new run in another directory")
        }
        for (teacher, before) in zip(teachers, record) {
            let now = try TrainingError.wrapping(.data, "`teacher` ") { try ModelFingerprint.sha256(of: teacher) }
            guard now != before["sha256"]?.string else { continue }
            throw .data(
                "`teacher` \(teacher) is not the model that the run in \(path) was started with: its files have other "
                    + "contents; resume with the same model, or start a new run in another directory")
        }
    }

    /// Compares the contents of files, and the settings behind their names, with the record.
    private func compare(_ sources: [TrainingSource], with record: JSONValue?) throws(TrainingError) {
        guard let record else { return }
        let before = record.array ?? [record]
        guard before.count == sources.count else {
            throw .data(
                "the run in \(path) was started with \(Figures.count(before.count, "file")) of `train_file`, not "
                    + "\(sources.count); resume with the same ones, or start a new run in another directory")
        }
        for (source, before) in zip(sources, before) {
            let (rules, sum) = (before["rules"]?.string ?? "", before["sha256"]?.string)
            guard rules == source.rules else {
                throw .data(
                    "\(source.path) was used as FILE\(rules) when the run in \(path) was started, now as "
                        + "FILE\(source.rules); resume with the same, or start a new run in another directory")
            }
            guard let sum else { continue }
            let now = try TrainingError.wrapping(.data) { try DatasetFile.sha256(source.path) }
            guard now == sum else {
                throw .data(
                    "\(source.path) is not the data that the run in \(path) was started with (SHA-256 "
                        + "\(sum.prefix(12))..., now \(now.prefix(12))...); resume with the same contents, or start a "
                        + "new run in another directory")
            }
        }
    }

    /// Checks that the directory is still this run's.
    func check() throws(TrainingError) {
        guard lock.isInPlace else {
            throw .output(
                "`output_dir` \(path): the directory was removed or replaced during the run; nothing is written")
        }
    }

    /// Locks a directory for one run, so that a second one gets an error.
    private static func lock(_ path: String) throws(FileError) -> FileLock {
        guard let lock = try FileLock(path: "\(path)/.lock") else {
            throw FileError(
                path: path, message: "another run is writing to this directory; wait for it, or choose another one")
        }
        return lock
    }

    /// Writes the model that is the best so far. The weights come last: a directory with weights is complete.
    ///
    /// - Parameter noAnswerThreshold: the threshold for the model's configuration.
    func writeModel(_ loaded: LoadedModel, noAnswerThreshold: Double?) throws(TrainingError) {
        do {
            var config = loaded.model.config
            config.noAnswerThreshold = noAnswerThreshold
            // That of the pretrained model says nothing of these weights.
            config.confidence = nil
            try config.write(toDirectory: path)
            try loaded.tokenizer.save(to: path)
            try loaded.model.writeWeights(to: "\(path)/model.safetensors")
        } catch {
            // A directory that was removed meanwhile is the better reason.
            try check()
            throw .output("\(error)")
        }
    }

    /// Writes `training_stats.json`, `learning_curve.svg`, `learning_curve.png` and the model card, `README.md`.
    func writeStatistics(_ statistics: TrainingStatistics) throws(TrainingError) {
        do {
            try DurableFiles.write(
                statistics.json().serialized(pretty: true) + "\n", to: "\(path)/training_stats.json")
            let curve = LearningCurve(statistics)
            try DurableFiles.write(curve.svg(), to: "\(path)/learning_curve.svg")
            try DurableFiles.write(curve.png(), to: "\(path)/learning_curve.png")
            try ModelCard.update(in: path)
        } catch {
            try check()
            throw .output("\(error)")
        }
    }

    private static func fingerprint(_ teacher: String) throws(FileError) -> JSONValue {
        ["path": .string(teacher), "sha256": .string(try ModelFingerprint.sha256(of: teacher))]
    }

    private static func fingerprint(_ source: TrainingSource) throws(DatasetError) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("path", .string(source.path)), ("sha256", .string(try DatasetFile.sha256(source.path))),
        ]
        if !source.rules.isEmpty { members.append(("rules", .string(source.rules))) }
        return .object(JSONObject(members))
    }
}
