/// An answer found in a text, or the statement that the text has none.
public struct Answer: Sendable, Hashable {
    /// The words of the text that answer the question; empty if the text has no answer.
    public let text: String
    /// How sure the model is, from 0 to 1. For a calibrated model (`Reader.isCalibrated`), the probability that the
    /// answer is right, which can be compared between questions and texts. For any other, the probability of its first
    /// token times that of its last, among all tokens of the text, which can only be compared between answers to one
    /// question. If the text has no answer, the probability of that.
    public let score: Double
    /// Where the answer stands in the text, in Unicode scalars.
    public let range: Range<Int>
    /// Where the answer stands in the text, in UTF-8 bytes.
    public let utf8Range: Range<Int>
    /// How likely it is that the text has no answer, from 0 to 1.
    public let noAnswerProbability: Double
    /// Whether this says that the text has no answer.
    public var isNoAnswer: Bool { text.isEmpty }
}
