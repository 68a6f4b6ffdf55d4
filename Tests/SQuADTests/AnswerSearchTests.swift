import Testing

import SQuAD

@Suite("Looking for answers")
struct AnswerSearchTests {
    @Test("finds each place that a look at every place finds, also those that overlap")
    func everyPlace() {
        // All words of one to four letters in all texts of up to eight, of two letters.
        func texts(_ length: Int) -> [[Unicode.Scalar]] {
            (0..<(1 << length)).map { bits in (0..<length).map { bits >> $0 & 1 == 1 ? "a" : "b" } }
        }
        for words in (1...4).flatMap(texts) {
            for text in (0...8).flatMap(texts) {
                let expected = text.indices.filter { text[$0...].starts(with: words) }
                #expect(AnswerSearch.occurrences(of: words, in: text) == expected)
            }
        }
        #expect(AnswerSearch.occurrences(of: [], in: ["a"]).isEmpty)
    }

    @Test("takes no longer for a letter that is repeated", .timeLimit(.minutes(1)))
    func repeated() {
        let text = [Unicode.Scalar](repeating: "a", count: 1_000_000)
        let time = ContinuousClock().measure {
            #expect(AnswerSearch.occurrences(of: text.prefix(500_000) + ["b"], in: text).isEmpty)
            #expect(AnswerSearch.occurrences(of: Array(text.prefix(500_000)), in: text).count == 500_001)
        }
        // The product of the lengths would be minutes.
        #expect(time < .seconds(10))
    }
}
