import BERT
import QuestionAnswering
import SQuAD
import Testing
import Torch
import Tokenizers

@Suite("Rows and span labels")
struct FeatureTests {
    @Test(
        "the label is the first and the last token that the answer touches",
        arguments: [
            (0..<3, 0...0), (4..<9, 1...1), (4..<12, 1...2), (5..<6, 1...1), (2..<5, 0...1), (9..<12, 2...2),
        ] as [(Range<Int>, ClosedRange<Int>)])
    func labels(answer: Range<Int>, expected: ClosedRange<Int>) {
        let offsets: [Range<Int32>] = [0..<3, 4..<9, 9..<12, 13..<20]
        #expect(SpanLabel.tokens(covering: answer, offsets: offsets) == expected)
    }

    @Test("an answer between tokens, behind them, or of no length has no label")
    func noLabel() {
        let offsets: [Range<Int32>] = [0..<3, 4..<9]
        for answer in [3..<4, 9..<12, 5..<5] {
            #expect(SpanLabel.tokens(covering: answer, offsets: offsets) == nil)
        }
    }

    @Test("the labelled tokens give the answer's words back, accents and emoji included")
    func roundTrip() throws {
        let context = "Zoë saw 👩‍👩‍👧 in Málaga, then 12 boats."
        let tokenizer = try smallTokenizer()
        for answer in ["Málaga", "12 boats", "Zoë", "👩‍👩‍👧", "in Málaga, then 12"] {
            let item = example("where?", context, answer: answer)
            let set = FeatureBuilder(tokenizer: tokenizer, options: FeatureOptions(maxLength: 64)).build(
                [item], labelled: true)
            let row = try #require(set.features.first)
            let span = try #require(row.span)
            let range = row.textRange(span)
            let bytes = Array(context.utf8)[range]
            #expect(String(decoding: bytes, as: UTF8.self).unicodeScalars.elementsEqual(answer.unicodeScalars))
        }
    }

    @Test("a text that fits makes one row; one that does not is cut, and a lost answer is counted")
    func truncation() throws {
        let tokenizer = try smallTokenizer()
        let builder = FeatureBuilder(tokenizer: tokenizer, options: FeatureOptions(maxLength: 12, truncation: .end))
        let short = builder.build([example("why?", "b c d", answer: "c")], labelled: true)
        #expect(short.features.map(\.length) == [10])
        #expect(short.long == 0 && short.answerLost == 0)
        let cut = builder.build([example("why?", "b c d e f g h", answer: "h")], labelled: true)
        #expect(cut.features.map(\.length) == [12])
        #expect(cut.features.first?.span == nil)
        #expect(cut.long == 1 && cut.answerLost == 1)
    }

    @Test("a text cut at its start keeps its end, and the label moves with it")
    func cutStart() throws {
        let builder = FeatureBuilder(
            tokenizer: try smallTokenizer(), options: FeatureOptions(maxLength: 12, truncation: .start))
        let row = try #require(
            builder.build([example("why?", "b c d e f g h", answer: "h")], labelled: true).features.first)
        #expect(row.length == 12)
        #expect(row.window == 2..<7)
        #expect(row.textRange(try #require(row.span)) == 12..<13)
    }

    @Test(
        "longest_first cuts the longer one until both are as long, as the tokenizers library does",
        arguments: [
            (4, 20, 13, 4, 9), (20, 4, 13, 9, 4), (20, 20, 13, 6, 7), (6, 20, 13, 6, 7), (3, 2, 13, 3, 2),
        ])
    func longestFirst(question: Int, text: Int, room: Int, keptQuestion: Int, keptText: Int) throws {
        let cut = FeatureOptions(maxLength: room + 3, truncation: .longestFirst).cut(question: question, text: text)
        #expect(cut.question == keptQuestion)
        #expect(cut.windows == [0..<keptText])
        // The library's own rule, as WordPiece has it.
        let tokenizer = try smallTokenizer()
        let words = { (count: Int) in Array(repeating: "x", count: count).joined(separator: " ") }
        let encoding = try tokenizer.encode(
            words(question), words(text), maxLength: room + 3, truncation: .longestFirst)
        #expect(encoding.sequence.count { $0 == 0 } == keptQuestion)
        #expect(encoding.sequence.count { $0 == 1 } == keptText)
    }

    @Test("examples of which any answer is cut are left out and counted where the options say so")
    func dropping() throws {
        var options = FeatureOptions(maxLength: 12, truncation: .longestFirst)
        options.dropsLostAnswers = true
        let builder = FeatureBuilder(tokenizer: try smallTokenizer(), options: options)
        let set = builder.build(
            [
                example("why?", "b c d e f g h", answer: "h", id: "lost"),
                example("why?", "b c d e f g h", answer: "b", id: "kept"),
            ], labelled: true)
        #expect(set.dropped == 1)
        #expect(set.features.map(\.example) == [1])
    }

    @Test("windows cover every token, share the stride, and the answer is labelled wherever it is whole")
    func windows() throws {
        let tokenizer = try smallTokenizer()
        let context = (0..<50).map { _ in "x" }.joined(separator: " ") + " y z " + "x x x x"
        for (length, docStride) in [(12, 0), (12, 3), (12, 4), (20, 8), (100, 8)] {
            let builder = FeatureBuilder(
                tokenizer: tokenizer, options: FeatureOptions(maxLength: length, docStride: docStride))
            let set = builder.build([example("why?", context, answer: "y z")], labelled: true)
            let tokens = tokenizer.tokenize(context).ids.count
            #expect(Set(set.features.flatMap(\.window)) == Set(0..<tokens))
            #expect(set.features.allSatisfy { $0.length <= length })
            for (first, second) in zip(set.features, set.features.dropFirst()) {
                #expect(first.window.upperBound - second.window.lowerBound == docStride)
            }
            for row in set.features {
                let whole = row.window.contains(50) && row.window.contains(51)
                #expect((row.span != nil) == whole)
                if let span = row.span { #expect(row.textRange(span) == 100..<103) }
            }
            // A stride of 0 may cut the answer in two, and then nobody has it whole.
            if docStride > 0 { #expect(set.answerLost == 0) }
        }
    }

    @Test("a question that leaves no room makes no row and is named")
    func longQuestion() throws {
        let builder = FeatureBuilder(tokenizer: try smallTokenizer(), options: FeatureOptions(maxLength: 10))
        let set = builder.build(
            [
                example("a b c d e f g h", "x y", answer: "x", id: "long"),
                example("why?", "x y", answer: "y", id: "short", paragraph: 1),
            ], labelled: true)
        #expect(set.questionTooLong == [0])
        #expect(set.features.map(\.example) == [1])
    }

    @Test(
        "lengths and strides that would skip tokens or exceed the model are refused by name",
        arguments: [
            (7, nil, "`max_length` 7"), (513, nil, "512 positions"), (384, 381, "`doc_stride` 381"),
            (384, -1, "`doc_stride` -1"), (8, 5, "`doc_stride` 5"),
        ] as [(Int, Int?, String)])
    func refused(length: Int, docStride: Int?, message: String) {
        let error = #expect(throws: ReaderError.self) {
            try FeatureOptions(maxLength: length, docStride: docStride).validate(maxPositions: 512)
        }
        #expect(error?.description.contains(message) == true)
    }

    @Test("a stride without windows is refused, not ignored")
    func strideWithoutWindows() {
        #expect(throws: ReaderError.self) {
            try FeatureOptions(maxLength: 384, truncation: .end, docStride: 64).validate(maxPositions: 512)
        }
    }

    @Test("a maximum length that nobody set fits the model, and one that was set is checked")
    func fitted() throws {
        #expect(try FeatureOptions().fitted(to: 512).maxLength == 384)
        #expect(try FeatureOptions().fitted(to: 128).maxLength == 128)
        #expect(try FeatureOptions(maxLength: 100).fitted(to: 128).maxLength == 100)
        #expect(throws: ReaderError.self) { try FeatureOptions(maxLength: 384).fitted(to: 128) }
        var set = FeatureOptions()
        set.maxLength = 200
        #expect(throws: ReaderError.self) { try set.fitted(to: 128) }
    }

    @Test("in a model with one segment both texts have segment 0")
    func oneSegment() throws {
        var tokenizer = try smallTokenizer()
        let row = { (tokenizer: Tokenizer) in
            let rows = FeatureBuilder(tokenizer: tokenizer, options: FeatureOptions(maxLength: 64)).build(
                [example("why?", "x y", answer: "y")], labelled: true
            ).features
            return try PackedBatch(rows, tokenizer: tokenizer, config: EncoderConfig(), device: .cpu).input.typeIDs
                .array() as [Int64]
        }
        #expect(try row(tokenizer).prefix(8) == [0, 0, 0, 0, 0, 0, 1, 1])
        tokenizer.secondType = 0
        #expect(try row(tokenizer).allSatisfy { $0 == 0 })
    }

    @Test("examples keep the file's order, and those of one text share a number")
    func examples() {
        let question = { (id: QuestionID) in Question(id: id, question: "?", answers: []) }
        let dataset = Dataset(articles: [
            Article(title: "a", paragraphs: [Paragraph(context: "x", questions: [question("1"), question("2")])]),
            Article(title: "b", paragraphs: [Paragraph(context: "y", questions: [question("3")])]),
        ])
        #expect(dataset.examples().map(\.id) == ["1", "2", "3"])
        #expect(dataset.examples().map(\.paragraph) == [0, 0, 1])
    }
}
