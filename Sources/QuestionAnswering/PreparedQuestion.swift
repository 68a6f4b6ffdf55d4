import Torch
import Tokenizers

/// Which answers to one question are wanted.
public struct AnswerOptions: Sendable, Hashable {
    /// The number of answers.
    public var count = 1
    /// The most tokens of an answer; nil takes the reader's limit.
    public var maxAnswerLength: Int?
    /// The question stays unanswered if its no-answer probability is above this, 0 to 1; 1 always answers. Nil takes
    /// the reader's threshold.
    public var noAnswerThreshold: Double?
    /// The question stays unanswered if the best answer's score is below this, 0 to 1; 0 always answers. Nil takes the
    /// reader's.
    public var minScore: Double?
    /// Tokens of one window, specials included; nil takes the reader's.
    public var maxLength: Int?
    /// Tokens that two windows share; nil takes the reader's.
    public var docStride: Int?
    /// Whether answers that overlap count as one, the best.
    public var distinctPlaces = false

    /// The best answer, by the reader's options.
    public init() {}
}

/// A question and a text, tokenised and cut into rows; made by `Reader.prepare`, on any thread.
///
/// Rows of different questions can be read in one pass of the model (`Reader.read`), which is how a server uses the
/// model efficiently.
public struct PreparedQuestion: Sendable {
    /// The text.
    public let text: PreparedText
    /// Which answers are wanted.
    public let options: AnswerOptions
    /// The tokens of the question.
    public let questionTokenCount: Int
    let features: [Feature]

    /// The rows, one for each window of the text.
    package var rows: [QuestionRow] { features.indices.map { QuestionRow(question: self, index: $0) } }
    /// The number of rows.
    public var rowCount: Int { features.count }
    /// The tokens of all rows together.
    public var tokenCount: Int { features.reduce(0) { $0 + $1.length } }
}

/// One row of a prepared question.
package struct QuestionRow: Sendable {
    let question: PreparedQuestion
    let index: Int

    var feature: Feature { question.features[index] }
    /// The row's tokens, specials included.
    package var tokenCount: Int { feature.length }
}

/// An answer and the text that it stands in.
package struct PassageAnswer: Sendable, Hashable {
    /// The number of the text; nil if no text has an answer.
    package let passage: Int?
    /// The answer. Its score compares with those in the other texts: the probabilities are over the tokens of all.
    package let answer: Answer
}

extension Reader {
    /// Cuts a question about a text into rows, ready for the model. Runs on the caller's thread.
    ///
    /// - Throws: `ReaderError.emptyQuestion` for a blank question, `.questionTooLong`, `.options`.
    public nonisolated func prepare(
        _ question: String, about text: PreparedText, options answers: AnswerOptions = AnswerOptions()
    ) throws(ReaderError) -> PreparedQuestion {
        let ids = tokenizer.tokenize(question.trimmingWhitespace()).ids
        guard !ids.isEmpty else { throw .emptyQuestion }
        let options = try featureOptions(for: answers)
        let features = FeatureBuilder(tokenizer: tokenizer, options: options)
            .rows(example: 0, question: ids, context: text.tokens, spans: [])
        guard !features.isEmpty else {
            // A row must have room for one token of the text.
            throw .questionTooLong(
                tokens: ids.count, limit: options.maxLength - tokenizer.template.pairCount - 1)
        }
        return PreparedQuestion(text: text, options: answers, questionTokenCount: ids.count, features: features)
    }

    /// How a text is cut into rows for these answers.
    ///
    /// - Throws: `ReaderError.options` if they don't fit the model.
    public nonisolated func featureOptions(for answers: AnswerOptions) throws(ReaderError) -> FeatureOptions {
        guard answers.maxLength != nil || answers.docStride != nil else { return options }
        var options = options
        options.maxLength = answers.maxLength ?? options.maxLength
        options.docStride = answers.docStride ?? (answers.maxLength == nil ? options.docStride : nil)
        try options.validate(maxPositions: longestRow, specials: tokenizer.template.pairCount)
        return options
    }

    /// The rows that a question about a text takes, and their tokens, without making them.
    ///
    /// - Throws: `ReaderError.options`.
    public nonisolated func cost(
        questionTokens: Int, text: PreparedText, options answers: AnswerOptions
    ) throws(ReaderError) -> (rows: Int, tokens: Int) {
        let specials = tokenizer.template.pairCount
        let windows = try featureOptions(for: answers).cut(
            question: questionTokens, text: text.tokenCount, specials: specials
        ).windows
        return (windows.count, windows.reduce(0) { $0 + $1.count + questionTokens + specials })
    }

    /// Reads rows of one or many questions in one pass of the model, and returns the readings in their order.
    ///
    /// A row's reading does not depend on the other rows, except for rounding.
    ///
    /// - Throws: `ReaderError.computation`, `.notFinite`.
    package func read(_ rows: [QuestionRow]) throws(ReaderError) -> [RowReading] {
        var readings: [RowReading] = []
        readings.reserveCapacity(rows.count)
        do {
            var predictor = predictor
            predictor.tokenBudget = .max
            let (usual, temperatures) = (predictor.decoder, predictor.scoring.temperatures)
            try predictor.forEachReading(rows.map(\.feature)) { number, row, logits in
                let options = rows[number].question.options
                let own = options.maxAnswerLength.map { SpanDecoder(maxAnswerLength: $0) }
                return RowReading(
                    row, logits: logits, decoder: own ?? usual, count: options.count, distinct: options.distinctPlaces,
                    temperatures: temperatures)
            } _: { _, reading, _ in
                readings.append(reading)
            }
        } catch let error as ReaderError {
            throw error
        } catch {
            throw .computation("\(error)")
        }
        return readings
    }

    /// The answers to a question, from the readings of all its rows in their order. Best first; if the text has no
    /// answer by the threshold, the first one says so.
    package nonisolated func answers(to question: PreparedQuestion, from readings: [RowReading]) -> [Answer] {
        answers(to: [question], from: [readings]).map(\.answer)
    }

    /// The answers to one question that was asked about several texts, ranked together as if they were one text.
    ///
    /// The options of the first of them apply.
    ///
    /// - Parameters:
    ///   - passages: the question with each of the texts.
    ///   - readings: of each of them, those of all its rows.
    package nonisolated func answers(
        to passages: [PreparedQuestion], from readings: [[RowReading]]
    ) -> [PassageAnswer] {
        guard let options = passages.first?.options else { return [] }
        let ranked = RankedReadings(
            readings, count: options.count, distinct: options.distinctPlaces, scoring: scoring)
        return answers(to: passages, ranked)
    }

    /// The answers to one question that was asked about several passages that a search has found, ranked together.
    ///
    /// The options of the first of them apply.
    ///
    /// - Parameters:
    ///   - passages: the question with each of the passages.
    ///   - readings: of each of them, those of all its rows.
    ///   - fits: how well each of them fits the question.
    package nonisolated func answers(
        to passages: [PreparedQuestion], from readings: [[RowReading]], fits: [PassageFit], ranking: PassageRanking
    ) -> [PassageAnswer] {
        guard let options = passages.first?.options else { return [] }
        let bonuses = zip(fits, readings).map { fit, windows in
            Float(ranking.bonus(fit, nothing: Double(RankedReadings.nothing(windows))))
        }
        let ranked = RankedReadings(
            readings, count: options.count, distinct: options.distinctPlaces, bonuses: bonuses, scoring: scoring)
        return answers(to: passages, ranked)
    }

    /// The model's reading of one passage, which ranking starts from.
    package nonisolated func evidence(
        of question: PreparedQuestion, from readings: [RowReading]
    ) -> PassageEvidence? {
        RankedReadings([readings], count: 1, scoring: .tokenProbabilities).candidates.first.map { _, candidate in
            PassageEvidence(
                text: question.text.text.utf8Substring(candidate.range), logit: Double(candidate.logit),
                nothing: Double(RankedReadings.nothing(readings)))
        }
    }

    private nonisolated func answers(to passages: [PreparedQuestion], _ ranked: RankedReadings) -> [PassageAnswer] {
        guard let options = passages.first?.options else { return [] }
        let none = ranked.noAnswerProbability
        var found = ranked.candidates.map { text, candidate in
            let prepared = passages[text].text
            let range = Int32(candidate.range.lowerBound)..<Int32(candidate.range.upperBound)
            let answer = Answer(
                text: prepared.text.utf8Substring(candidate.range), score: Double(candidate.probability),
                range: prepared.offsets.scalars(utf8: range), utf8Range: candidate.range, noAnswerProbability: none)
            return PassageAnswer(passage: text, answer: answer)
        }
        let isUnsure = (found.first?.answer.score ?? 0) < options.minScore ?? minScore ?? 0
        if found.isEmpty || isUnsure || none > options.noAnswerThreshold ?? noAnswerThreshold ?? 1 {
            let answer = Answer(text: "", score: none, range: 0..<0, utf8Range: 0..<0, noAnswerProbability: none)
            found.insert(PassageAnswer(passage: nil, answer: answer), at: 0)
        }
        return Array(found.prefix(options.count))
    }
}
