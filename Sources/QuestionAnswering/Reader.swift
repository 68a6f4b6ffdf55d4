import BERT
import Torch
import Tokenizers

/// A text that a reader has tokenised, to be asked about again and again; made by `Reader.prepare`.
public struct PreparedText: Sendable {
    /// The text.
    public let text: String
    let tokens: TokenizedText
    let offsets: ScalarOffsets

    /// The number of its tokens.
    public var tokenCount: Int { tokens.count }
    /// The approximate bytes of memory that it takes: the text, ids and offsets, and a table of scalars unless it is
    /// ASCII.
    public var byteCount: Int {
        let bytes = text.utf8.count
        return bytes + 12 * tokens.count + (offsets.scalarCount == bytes ? 0 : 4 * bytes)
    }
}

/// Reads texts and answers questions about them.
///
/// An actor: it owns the model, answers one request at a time on a thread of its own, and can be shared between tasks.
/// A text that is asked several questions in one call is tokenised once.
public actor Reader {
    /// The configuration of the model, or of the first of several.
    package nonisolated let config: EncoderConfig
    /// The most tokens that a row may have.
    nonisolated let longestRow: Int
    /// The model's tokenizer.
    public nonisolated let tokenizer: Tokenizer
    /// Whether scores are probabilities that answers are right: whether the model was calibrated.
    public nonisolated var isCalibrated: Bool { scoring.calibration != nil }
    /// How texts are cut into rows.
    public nonisolated let options: FeatureOptions
    /// A question is left unanswered if its no-answer probability is above this; nil answers all.
    public nonisolated let noAnswerThreshold: Double?
    /// How the answers of several passages are ranked.
    package nonisolated let ranking: PassageRanking
    /// A question is left unanswered if its best answer's score is below this; nil answers all.
    public nonisolated let minScore: Double?
    /// How scores are computed.
    nonisolated let scoring: Scoring
    /// The precision of matrix products.
    public nonisolated let precision: Precision
    /// Where the model runs.
    public nonisolated let device: Device
    let predictor: Predictor
    private let thread = ModelThread()

    /// The thread of the model.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Loads a fine-tuned model directory in the Hugging Face layout.
    ///
    /// - Throws: `ReaderError` that names the file or the option and says what to do.
    public static func load(
        _ directory: String, options: ReaderOptions = ReaderOptions()
    ) async throws(ReaderError) -> Reader {
        try Reader(directory: directory, partners: [], options: options)
    }

    /// Loads several fine-tuned models that answer together: the probability of each token is the mean of theirs.
    ///
    /// - Parameter partners: the directories of models with the same tokenizer as the first.
    /// - Throws: as `load(_:options:)`; `ReaderError` of the kind `.mismatch` for another tokenizer.
    public static func load(
        _ directory: String, with partners: [String], options: ReaderOptions = ReaderOptions()
    ) async throws(ReaderError) -> Reader {
        try Reader(directory: directory, partners: partners, options: options)
    }

    private init(directory: String, partners: [String], options: ReaderOptions) throws(ReaderError) {
        let device = options.device ?? Device.best
        guard device.isAvailable else { throw .device(device) }
        let precision = options.precision ?? .automatic(on: device)
        func load(_ directory: String) throws(ReaderError) -> LoadedModel {
            try LoadedModel(
                directory: directory, use: .inference, precision: precision, device: device,
                storage: options.weightStorage, skipsDeviceCheck: options.skipsDeviceCheck)
        }
        var loaded = try load(directory)
        for partner in partners { try loaded.join(load(partner), names: (directory, partner)) }
        let features = try FeatureOptions(maxLength: options.maxLength, docStride: options.docStride)
            .fitted(to: loaded.longestRow, tokenizer: loaded.tokenizer)
        config = loaded.model.config
        longestRow = loaded.longestRow
        self.precision = precision
        self.device = device
        noAnswerThreshold = options.noAnswerThreshold ?? loaded.noAnswerThreshold
        ranking = try PassageRanking(config, path: directory) ?? .standard
        minScore = options.minScore
        scoring = loaded.scoring
        tokenizer = loaded.tokenizer
        var predictor = Predictor(loaded, device: device)
        predictor.decoder = SpanDecoder(maxAnswerLength: options.maxAnswerLength)
        self.predictor = predictor
        self.options = features
    }

    /// The special tokens of a row.
    package nonisolated var specialTokenCount: Int { tokenizer.template.pairCount }

    /// The best answer to a question about a text, or the statement that there is none.
    ///
    /// - Throws: `ReaderError.emptyText` for a blank question or text, `.questionTooLong`, `.computation`.
    public func answer(_ question: String, in context: String) throws(ReaderError) -> Answer {
        guard let best = try answers(question, in: context, count: 1).first else { throw .emptyText }
        return best
    }

    /// The `count` best answers to a question about a text, best first, no place of the text twice. If the text has no
    /// answer by the threshold of the options, the first of them says so.
    public func answers(_ question: String, in context: String, count: Int) throws(ReaderError) -> [Answer] {
        try answers([question], in: context, count: count).first ?? []
    }

    /// The `count` best answers to each of several questions about one text.
    public func answers(
        _ questions: [String], in context: String, count: Int = 1
    ) throws(ReaderError) -> [[Answer]] {
        try answers(questions, in: prepare(context), count: count)
    }

    /// Tokenises a text, once for all the questions that are asked about it later.
    ///
    /// - Throws: `ReaderError.emptyText` for a blank text.
    public nonisolated func prepare(_ context: String) throws(ReaderError) -> PreparedText {
        let tokens = tokenizer.tokenize(context)
        guard !tokens.ids.isEmpty else { throw .emptyText }
        return PreparedText(text: context, tokens: tokens, offsets: ScalarOffsets(context))
    }

    /// The `count` best answers to each of several questions about a prepared text.
    public func answers(
        _ questions: [String], in text: PreparedText, count: Int = 1
    ) throws(ReaderError) -> [[Answer]] {
        var wanted = AnswerOptions()
        wanted.count = count
        var prepared: [PreparedQuestion] = []
        for question in questions { prepared.append(try prepare(question, about: text, options: wanted)) }
        return try answers(prepared)
    }

    /// The answers to prepared questions, each about its own text, as many as its options say.
    ///
    /// - Parameters:
    ///   - questions: the questions as `prepare` returned them.
    ///   - progress: called after each pass of the model with the number of rows read and the number of all rows.
    /// - Throws: `ReaderError.computation`, `.notFinite`.
    public func answers(
        _ questions: [PreparedQuestion], progress: @Sendable (Int, Int) -> Void = { _, _ in }
    ) throws(ReaderError) -> [[Answer]] {
        zip(questions, try readings(of: questions, progress: progress)).map { answers(to: $0, from: $1) }
    }

    /// The readings of all rows of each of the questions.
    ///
    /// - Parameter progress: called after each pass of the model with the number of rows read and the number of all
    ///   rows.
    /// - Throws: `ReaderError.computation`, `.notFinite`.
    package func readings(
        of questions: [PreparedQuestion], progress: @Sendable (Int, Int) -> Void = { _, _ in }
    ) throws(ReaderError) -> [[RowReading]] {
        let rows = questions.flatMap(\.rows)
        var readings: [RowReading] = []
        for range in BatchPlan.byTokens(rows.map(\.feature), budget: predictor.tokenBudget) {
            readings += try read(Array(rows[range]))
            progress(readings.count, rows.count)
        }
        var start = 0
        return questions.map { question in
            defer { start += question.features.count }
            return Array(readings[start..<(start + question.features.count)])
        }
    }
}

extension String {
    /// The text in a range of UTF-8 bytes that begins and ends between scalars.
    package func utf8Substring(_ range: Range<Int>) -> String {
        let start = utf8.index(utf8.startIndex, offsetBy: range.lowerBound)
        let end = utf8.index(start, offsetBy: range.count)
        return String(self[start..<end])
    }
}
