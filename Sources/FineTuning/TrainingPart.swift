import SQuAD

/// The questions that a run takes from one file.
struct TrainingPart {
    /// Its questions that can be trained on.
    private(set) var dataset: Dataset
    /// The others, with the reason.
    let skipped: [DatasetProblem]

    /// Reads the file, leaves out what cannot be trained on, and draws as many questions as are wanted.
    ///
    /// - Parameters:
    ///   - number: the file's number, from 0.
    ///   - onRead: called with the dataset as it is in its file.
    /// - Throws: `TrainingError.missing` or `.data`, naming the file.
    init(
        _ source: TrainingSource, number: Int, seed: UInt64, onRead: (Dataset) -> Void
    ) throws(TrainingError) {
        var dataset = try TrainingData.read(source.path)
        onRead(dataset)
        if source.answers == .anywhere { dataset = dataset.withAnswersAnywhere() }
        skipped = Self.problems(of: dataset)
        dataset = dataset.withoutUnusable(skipped)
        self.dataset = source.cap.map { dataset.drawn($0, seed: seed, number: number) } ?? dataset
    }

    /// Splits off a share to validate on.
    mutating func hold(back share: Double, of unit: DataSplit, seed: UInt64) -> Dataset {
        let (rest, part) = dataset.split(by: unit, fraction: share, seed: seed)
        dataset = rest
        return part
    }

    /// One reason for each question that cannot be used.
    private static func problems(of dataset: Dataset) -> [DatasetProblem] {
        var seen: Set<QuestionID> = []
        return dataset.problems().filter { problem in
            problem.preventsTraining && (problem.kind == .duplicateID || seen.insert(problem.questionID).inserted)
        }
    }
}

extension Dataset {
    /// At most this many of the questions, drawn at random.
    ///
    /// - Parameter number: that of the file, from 0: each has an order of its own.
    fileprivate func drawn(_ count: Int, seed: UInt64, number: Int) -> Dataset {
        guard count < questionCount else { return self }
        // Below -1, which is the order of the split.
        let order = DataOrder.permutation(count: questionCount, seed: seed, epoch: -2 - number)
        let chosen = Set(order.prefix(count))
        var index = -1
        return filtered { _ in
            index += 1
            return chosen.contains(index)
        }
    }
}
