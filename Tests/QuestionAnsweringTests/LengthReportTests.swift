import BERT
import QuestionAnswering
import Testing

@Suite("Choosing a maximum length")
struct LengthReportTests {
    /// Rows of 2 + 2 + 1 + 7, and of 2 + 2 + 1 + 3 tokens.
    private let examples = [
        example("why?", "b c d e f g h", answer: "g", id: "1"),
        example("why?", "b c d", answer: "d", id: "2", paragraph: 1),
    ]

    @Test("counts the rows that are cut, the answers that are lost and what windows would take")
    func counts() throws {
        let tokenizer = try smallTokenizer()
        let short = tokenizer.tokenize("why?").count + 3 + 3
        let report = LengthReport(
            examples, tokenizer: tokenizer, config: EncoderConfig(), maxLengths: [short + 4, 9, short])
        #expect(report.lengths == [short, short + 4])
        #expect(report.choices.map(\.maxLength) == [9, short, short + 4].sorted())
        let whole = try #require(report.choices.last)
        #expect(whole.cut == 0 && whole.answersLost == 0 && whole.cost == 1 && whole.windowCost == 1)
        #expect(whole.tokens == 2 * short + 4 && whole.windowRows == 2)
        let cut = try #require(report.choices.first { $0.maxLength == short })
        #expect(cut.cut == 1 && cut.answersLost == 1)
        #expect(cut.tokens == 2 * short)
        #expect(cut.cost < 1 && cut.windowRows > 2 && cut.windowTokens > cut.tokens)
        #expect(report.percentile(0.5) == short && report.percentile(1) == short + 4)
    }

    @Test("of a dataset that comes in parts is that of the whole")
    func parts() throws {
        let tokenizer = try smallTokenizer()
        let whole = LengthReport(examples, tokenizer: tokenizer, config: EncoderConfig(), maxLengths: [9, 12])
        var counter = LengthCounter(tokenizer: tokenizer, config: EncoderConfig(), maxLengths: [9, 12])
        for example in examples.reversed() { counter.add([example]) }
        #expect(counter.report.lengths == whole.lengths)
        #expect(counter.report.choices == whole.choices)
    }
}
