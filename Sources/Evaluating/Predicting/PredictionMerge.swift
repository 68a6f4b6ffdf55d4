import Files
import Foundation
import SQuAD
import StrictJSON

/// Joins the files of all shards of a dataset into the file that one run over the whole dataset would have written.
package enum PredictionMerge {
    /// Merges files of one kind, given in any order.
    ///
    /// - Parameter warn: called for shards that were predicted in different environments.
    /// - Returns: the number of questions.
    /// - Throws: `EvaluationError.shards` that names the files which are missing, doubled, changed or of another run;
    ///   `FileError`.
    package static func merge(_ files: [String], to output: String, warn: (String) -> Void) throws -> Int {
        for file in files where isSame(file, output) {
            throw EvaluationError.output("`output` \(output) is one of the shards; choose another name")
        }
        var parts: [(file: String, record: ShardRecord)] = []
        for file in files { parts.append((file, try ShardRecord(of: file))) }
        try check(parts, warn: warn)
        parts.sort { $0.record.shard.number < $1.record.shard.number }
        let sorted = parts.map(\.file)
        if let format = parts[0].record.kind.lineFormat {
            try join(sorted, of: format, to: output)
            return parts[0].record.totalQuestions
        }
        try FileOutput.writeObject(to: output) { add in
            if parts[0].record.kind == .answers { return try SortedMembers.merge(sorted, add) }
            for file in sorted {
                var stream = try MemberStream(path: file)
                while let (key, value) = try stream.next() { try add(key, value) }
            }
        }
        return parts[0].record.totalQuestions
    }

    /// Concatenates files of lines, with one header.
    private static func join(_ files: [String], of format: AnswerFormat, to output: String) throws(FileError) {
        try DurableFiles.replace(output) { output throws(FileError) in
            try output.append { $0 += format.header.utf8 }
            for path in files {
                let file = try MappedFile(path: path)
                var header = format.header.utf8.count
                try file.forEachPiece { piece throws(FileError) in
                    let start = min(header, piece.count)
                    header -= start
                    try output.append(contentsOf: UnsafeRawBufferPointer(rebasing: piece[start...]))
                }
            }
        }
    }

    private static func isSame(_ one: String, _ other: String) -> Bool {
        URL(fileURLWithPath: one).resolvingSymlinksInPath() == URL(fileURLWithPath: other).resolvingSymlinksInPath()
    }

    private static func check(_ parts: [(file: String, record: ShardRecord)], warn: (String) -> Void) throws {
        guard let first = parts.first else { throw EvaluationError.shards("there is nothing to merge") }
        var seen: [Int: String] = [:]
        for (file, record) in parts {
            guard record.kind == first.record.kind else {
                throw EvaluationError.shards(
                    "\(first.file) holds \(first.record.kind.rawValue) and \(file) \(record.kind.rawValue); merge one "
                        + "kind at a time"
                )
            }
            guard record.shard.count == first.record.shard.count else {
                throw EvaluationError.shards(
                    "\(first.file) is shard \(first.record.shard) and \(file) shard \(record.shard); all must be from "
                        + "one division"
                )
            }
            let differences = PredictionIdentity.differences(from: first.record.json, to: record.json)
            guard differences.isEmpty else {
                throw EvaluationError.shards(
                    "\(first.file) and \(file) were predicted with different settings: "
                        + "\(differences.joined(separator: ", "))"
                )
            }
            if let other = seen.updateValue(file, forKey: record.shard.number) {
                throw EvaluationError.shards("\(other) and \(file) are both shard \(record.shard); give each once")
            }
            if record.json["environment"] != first.record.json["environment"] {
                warn(
                    "\(first.file) and \(file) were predicted on different machines or by different versions; "
                        + "the last digits of probabilities may differ from those of one run")
            }
        }
        let missing = (1...first.record.shard.count).filter { seen[$0] == nil }
        guard missing.isEmpty else {
            let names = missing.map { "\($0)/\(first.record.shard.count)" }.joined(separator: ", ")
            throw EvaluationError.shards("missing: shard \(names); predict and give all of them")
        }
        guard parts.reduce(0, { $0 + $1.record.questions }) == first.record.totalQuestions else {
            throw EvaluationError.shards("the shards do not add up to the questions of the dataset; predict them again")
        }
    }
}
