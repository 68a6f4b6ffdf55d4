import Files
import SQuAD
import StrictJSON

/// The files that a run of `predict` writes.
package struct PredictionFiles: Sendable {
    /// The answers: as `{"id": "text"}` sorted by id, in the other formats in the order of the dataset.
    package let answers: String
    /// How the answers are written.
    package let format: AnswerFormat
    /// How likely each question is to have no answer: `{"id": probability}`, in the order of the dataset; nil for none.
    package let noAnswer: String?
    /// The candidates of each question, in the order of the dataset; nil for none.
    package let best: String?

    /// Files at these paths.
    package init(
        answers: String, format: AnswerFormat = .squad, noAnswer: String? = nil, best: String? = nil
    ) {
        (self.answers, self.format, self.noAnswer, self.best) = (answers, format, noAnswer, best)
    }

    /// The files with their contents.
    var kinds: [(path: String, kind: ShardRecord.Kind)] {
        [(answers, ShardRecord.Kind(format))] + (noAnswer.map { [($0, .noAnswer)] } ?? [])
            + (best.map { [($0, .best)] } ?? [])
    }

    /// Writes each file from a progress file, whole or not at all.
    ///
    /// - Parameter sortBudget: bytes of answers that are sorted in memory at a time.
    package func write(from progress: PredictionProgress, sortBudget: Int = 32 << 20) throws(FileError) {
        try progress.synchronize()
        if format == .squad {
            var sorter = try AnswerSorter(output: answers, budget: sortBudget)
            try Self.forEachRecord(of: progress) { record throws(FileError) in
                try sorter.add(record.id, record.answer)
            }
            try sorter.finish()
        } else {
            try writeLines(from: progress)
        }
        if let noAnswer {
            try FileOutput.writeObject(to: noAnswer) { add in
                try Self.forEachRecord(of: progress) { record throws(FileError) in
                    try add(record.id, .double(record.noAnswerProbability))
                }
            }
        }
        if let best {
            try FileOutput.writeObject(to: best) { add in
                try Self.forEachRecord(of: progress) { record throws(FileError) in
                    try add(record.id, record.candidates)
                }
            }
        }
    }

    private func writeLines(from progress: PredictionProgress) throws(FileError) {
        try DurableFiles.replace(answers) { output throws(FileError) in
            try output.append { $0 += format.header.utf8 }
            try Self.forEachRecord(of: progress) { record throws(FileError) in
                let line = format.line(record.id, record.answer, noAnswer: record.noAnswerProbability)
                try output.append { $0 += line.utf8 }
            }
        }
    }

    private static func forEachRecord(
        of progress: PredictionProgress, _ body: (PredictionRecord) throws(FileError) -> Void
    ) throws(FileError) {
        var lines = try JSONLines(path: progress.path)
        _ = lines.next()
        while let line = lines.next(), let record = PredictionRecord(line) { try body(record) }
    }
}
