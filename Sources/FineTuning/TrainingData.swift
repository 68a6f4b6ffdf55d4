import QuestionAnswering
import SQuAD
import Tokenizers

/// The rows of a run, and the questions that had to be left out.
package struct TrainingData: Sendable {
    /// Rows to train on.
    package let training: FeatureSet
    /// Rows to validate on; empty if there is no validation.
    package let validation: FeatureSet
    /// The questions behind `validation`, in the same order.
    package let validationExamples: [Example]
    /// The dataset that the official scores of a validation are computed over.
    package let validationDataset: Dataset
    /// Whether some of the training questions have no answer.
    package let hasImpossibleQuestions: Bool
    /// Questions of the training file that cannot be trained on, with the reason.
    package let skipped: [DatasetProblem]

    /// How the files are mixed.
    package let mix: TrainingMix

    /// Reads, checks and cuts the data.
    ///
    /// - Parameter onRead: called with each dataset as it is in its file.
    /// - Throws: `TrainingError.missing` or `.data`, naming the file.
    package init(
        options: TrainingOptions, tokenizer: Tokenizer, onRead: (Dataset) -> Void = { _ in }
    ) throws(TrainingError) {
        let builder = FeatureBuilder(tokenizer: tokenizer, options: options.features)
        var (training, mix, skipped) = (FeatureSet(), TrainingMix(), [DatasetProblem]())
        var (held, examples, isVersion2) = (Dataset(articles: []), 0, false)
        for (number, source) in options.trainFiles.enumerated() {
            var part = try TrainingPart(source, number: number, seed: options.seed, onRead: onRead)
            skipped += part.skipped
            if options.validationFile == nil, options.validationFraction > 0 {
                held.append(part.hold(back: options.validationFraction, of: options.splitBy, seed: options.seed))
            }
            isVersion2 = isVersion2 || part.dataset.hasImpossibleQuestions
            let own = part.dataset.examples()
            let rows = builder.build(own, labelled: true, allAnswers: source.answers != .first, from: examples)
            guard !rows.features.isEmpty else { throw Self.nothing(in: source.path) }
            mix.append(count: rows.features.count, weight: source.weight)
            training.append(rows)
            examples += own.count
        }
        if let file = options.validationFile {
            held = try Self.read(file)
            onRead(held)
        }
        (self.training, self.mix, self.skipped, hasImpossibleQuestions) = (training, mix, skipped, isVersion2)
        validationDataset = held
        validationExamples = held.examples()
        validation = builder.build(validationExamples, labelled: true)
    }

    private static func nothing(in file: String) -> TrainingError {
        .data(
            "\(file): no question is left to train on; `bertqa check --data \(file)` lists what is wrong, `bertqa "
                + "convert --repair` repairs what can be repaired")
    }

    /// Reads a dataset.
    static func read(_ path: String) throws(TrainingError) -> Dataset {
        do {
            return try Dataset(path: path)
        } catch {
            throw error.isMissing ? .missing(error.description) : .data(error.description)
        }
    }
}

extension Dataset {
    /// The dataset without questions that cannot be trained on. If several questions have the same id, the first is
    /// kept.
    func withoutUnusable(_ problems: [DatasetProblem]) -> Dataset {
        let duplicates = Set(problems.filter { $0.kind == .duplicateID }.map(\.questionID))
        let unusable = Set(problems.filter { $0.kind != .duplicateID }.map(\.questionID))
        var seen: Set<QuestionID> = []
        return filtered { question in
            if unusable.contains(question.id) { return false }
            return !duplicates.contains(question.id) || seen.insert(question.id).inserted
        }
    }

    /// Adds the articles of another dataset.
    mutating func append(_ other: Dataset) {
        if articles.isEmpty { version = other.version }
        articles += other.articles
    }

    /// The questions for which `isIncluded` is true; empty paragraphs and articles are left out.
    func filtered(_ isIncluded: (Question) -> Bool) -> Dataset {
        var result = Dataset(version: version, articles: [])
        for article in articles {
            var kept = Article(title: article.title, paragraphs: [])
            for paragraph in article.paragraphs {
                let questions = paragraph.questions.filter(isIncluded)
                if !questions.isEmpty {
                    kept.paragraphs.append(Paragraph(context: paragraph.context, questions: questions))
                }
            }
            if !kept.paragraphs.isEmpty { result.articles.append(kept) }
        }
        return result
    }

    /// A random part of the questions or of the articles, at least one on each side if there are two; the same for the
    /// same seed.
    func split(by unit: DataSplit, fraction: Double, seed: UInt64) -> (rest: Dataset, part: Dataset) {
        let count = unit == .question ? questionCount : articles.count
        let size = count < 2 ? 0 : min(count - 1, max(1, Int((Double(count) * fraction).rounded())))
        // Epoch -1: an order of its own, apart from those of training.
        let chosen = Set(DataOrder.permutation(count: count, seed: seed, epoch: -1).prefix(size))
        func half(_ wanted: Bool) -> Dataset {
            switch unit {
            case .article:
                return Dataset(
                    version: version,
                    articles: articles.indices.filter { chosen.contains($0) == wanted }.map { articles[$0] })
            case .question:
                var index = -1
                return filtered { _ in
                    index += 1
                    return chosen.contains(index) == wanted
                }
            }
        }
        return (half(false), half(true))
    }
}
