import Files
import Foundation
import SQuAD
import StrictJSON

/// The record beside the file of a shard, `NAME.shard.json`: which part of which run it is, and its checksum.
package struct ShardRecord: Sendable {
    /// What is in a file.
    enum Kind: String, Sendable {
        case answers
        case lines = "answers_jsonl"
        case table = "answers_csv"
        case noAnswer = "no_answer_probabilities"
        case best = "n_best"

        /// Answers in a format.
        init(_ format: AnswerFormat) {
            self =
                switch format {
                case .squad: .answers
                case .jsonl: .lines
                case .csv: .table
                }
        }

        /// The format of a file of lines; nil for one that is an object.
        var lineFormat: AnswerFormat? {
            switch self {
            case .lines: .jsonl
            case .table: .csv
            case .answers, .noAnswer, .best: nil
            }
        }
    }

    let kind: Kind
    let shard: DatasetShard
    let questions: Int
    let totalQuestions: Int
    let digest: String
    /// As it was written, with what the predictions depend on.
    let json: JSONValue

    /// Where the record of a file is.
    package static func path(of file: String) -> String { file + ".shard.json" }

    /// Writes the records of all files of a shard that is done.
    ///
    /// - Parameters:
    ///   - questions: those of the shard, by their numbers in the dataset.
    ///   - total: those of the dataset.
    package static func write(
        for files: PredictionFiles, identity: PredictionIdentity, questions: Range<Int>, of total: Int
    ) throws(FileError) {
        for (path, kind) in files.kinds {
            let members: [(String, JSONValue)] = [
                ("kind", .string(kind.rawValue)), ("questions", .int(questions.count)),
                ("first_question", .int(questions.lowerBound)), ("total_questions", .int(total)),
                ("sha256", .string(try FileDigest.sha256(path: path))),
            ]
            let text = JSONValue.object(JSONObject(members + identity.members)).serialized(pretty: true)
            try DurableFiles.write(text + "\n", to: Self.path(of: path))
        }
    }

    /// Reads the record of a file and compares the checksum.
    ///
    /// - Throws: `FileError` if there is none; `EvaluationError.shards` if it is not one, or the file has changed.
    init(of file: String) throws {
        let path = Self.path(of: file)
        let json: JSONValue
        do {
            json = try MappedFile(path: path).withBytes(JSONValue.parse)
        } catch let error as FileError where error.isMissing {
            throw FileError(
                path: file, code: ENOENT,
                message: FileManager.default.fileExists(atPath: file)
                    ? "\(path) is not beside it; only the files of a shard that `bertqa predict` wrote can be merged"
                    : error.message)
        } catch let error as JSONError {
            throw EvaluationError.shards("\(path): \(error)")
        }
        guard let kind = json["kind"]?.string.flatMap(Kind.init), let questions = json["questions"]?.int,
            let shard = json["shard"]?.string.flatMap(DatasetShard.init), let total = json["total_questions"]?.int,
            let digest = json["sha256"]?.string
        else { throw EvaluationError.shards("\(path): a field is missing; predict the shard again") }
        guard try FileDigest.sha256(path: file) == digest else {
            throw EvaluationError.shards("\(file): it is not what `bertqa predict` wrote; predict the shard again")
        }
        (self.kind, self.shard, self.questions, totalQuestions) = (kind, shard, questions, total)
        (self.digest, self.json) = (digest, json)
    }

    /// Whether all files of a shard are there, whole, and of that identity: nothing is left to do.
    package static func isComplete(_ files: PredictionFiles, identity: PredictionIdentity) throws -> Bool {
        try files.kinds.allSatisfy { path, kind in
            do {
                let record = try ShardRecord(of: path)
                return record.kind == kind && record.shard == identity.shard
                    && identity.differences(from: record.json).isEmpty
            } catch let error as FileError where error.isMissing {
                return false
            } catch is EvaluationError {
                // What is there is not a whole shard, and will be replaced by one.
                return false
            }
        }
    }
}
