import Evaluating
import QuestionAnswering
import SQuAD
import Testing
import Tokenizers

@Suite("Answers found by masks")
struct AlignmentTests {
    @Test(
        "of whole words are found where the offsets find them",
        arguments: ["b", "c d", "e.", "12", "b c d e. in 12, f?"])
    func agrees(answer: String) throws {
        let context = "b c d e. in 12, f?"
        let tokenizer = try smallTokenizer()
        let item = example("why?", context, answer: answer)
        let alignment = MaskAlignment(tokenizer: tokenizer)
        #expect(alignment.differences([item]).isEmpty)
        let start = try #require(context.range(ofScalars: answer))
        let aligned = try #require(alignment.align(start..<(start + answer.utf8.count), in: context))
        #expect(aligned.text == tokenizer.tokenize(context))
    }

    @Test(
        "inside a word are made of their own tokens, and the word's rest stays, with the offsets of the unchanged text")
    func insideWord() throws {
        let tokenizer = try smallTokenizer(words: ["1990s", "1990"])
        let context = "é in the 1990s x"
        let start = "é in the ".utf8.count
        let aligned = try #require(MaskAlignment(tokenizer: tokenizer).align(start..<(start + 4), in: context))
        let span = try #require(aligned.span)
        let names = aligned.text.ids.map { tokenizer.vocabulary[$0] ?? "" }
        #expect(names[span] == ["1990"])
        #expect(names[span.upperBound + 1] == "s")
        let places = aligned.text.offsets.map { Int($0.lowerBound)..<Int($0.upperBound) }
        #expect(places[span.lowerBound] == start..<(start + 4))
        #expect(places[span.upperBound + 1] == (start + 4)..<(start + 5))
        #expect(places.last == (context.utf8.count - 1)..<context.utf8.count)
        let differences = MaskAlignment(tokenizer: tokenizer).differences([example("when?", context, answer: "1990")])
        #expect(differences.map(\.reason) == ["the answer ends inside a token"])
        #expect(differences.first?.byOffsets == ["1990s"])
        #expect(differences.first?.byMask == ["1990"])
    }

    @Test("in texts that hold masks of their own are still told apart")
    func masksInText() throws {
        let tokenizer = try smallTokenizer()
        let context = "[MASK] b [MASK] c [MASK]"
        let aligned = try #require(MaskAlignment(tokenizer: tokenizer).align(16..<17, in: context))
        #expect(aligned.span == 3...3)
        #expect(aligned.text.ids == tokenizer.tokenize(context).ids)
        #expect(aligned.text.offsets == tokenizer.tokenize(context).offsets)
    }
}

@Suite("The tutorial's scores")
struct TutorialScoringTests {
    @Test("its worked example: tokens 7 to 11 for 9 to 12 make recall 3/4, precision 3/5, F1 2/3, exact 0")
    func workedExample() {
        #expect(abs(Evaluation.overlap(7...11, 9...12) - 2.0 / 3) < 1e-15)
        #expect(Evaluation.points(7...11, 9...12) == 0)
        var scores = TutorialScores()
        scores.add(start: 7, end: 11, answers: [9...12])
        #expect(scores.tokenCorrect == 0)
        #expect(abs(scores.f1 - 2.0 / 3) < 1e-15)
    }

    @Test("points are the best over the answers, an end before its start overlaps nothing, and rows divide")
    func points() {
        var scores = TutorialScores()
        scores.add(start: 3, end: 5, answers: [3...4, 3...5])
        scores.add(start: 3, end: 2, answers: [3...4])
        #expect(scores.rows == 2)
        #expect(scores.tokenCorrect == 3)
        #expect(scores.exactMatch == 0.75)
        #expect(scores.f1 == 0.5)
        #expect(TutorialScores().exactMatch == 0)
    }

    @Test("argmax takes start and end by themselves, the question included; what is no answer predicts nothing")
    func argmax() {
        let logits: [Float] = [9, 0, 0, 1, 1, 8, 2, 2]
        #expect(SpanDecoder.argmax(logits[...]) == (0, 2))
        var decoder = SpanDecoder()
        decoder.decoding = .argmax
        #expect(decoder.best(1, logits: logits[...], context: 1..<4).isEmpty)
        #expect(decoder.best(3, logits: logits[...], context: 0..<4).map(\.tokens) == [0...2])
        let reversed: [Float] = [0, 5, 5, 0]
        #expect(decoder.best(1, logits: reversed[...], context: 0..<2).isEmpty)
    }
}
