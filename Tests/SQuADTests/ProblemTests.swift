import SQuAD
import Testing

@Suite("Problems of single questions")
struct ProblemTests {
    private func problems(_ context: String, _ answers: [AnswerSpan], question: String = "Who?", id: QuestionID = "q")
        -> [DatasetProblem]
    {
        dataset(context: context, question: Question(id: id, question: question, answers: answers)).problems()
    }

    @Test(
        "An answer that is not where it should be is reported with where it is instead",
        arguments: [
            (
                "one two one", AnswerSpan(text: "one", start: 7),
                "answer \"one\" is not at its offset 7, where the context has \" on\"; which one is meant is "
                    + "ambiguous: the context has it at 2 places (0, 8)"
            ),
            (
                "one two", AnswerSpan(text: "one", start: 1),
                "answer \"one\" is not at its offset 1, where the context has \"ne \"; it is at 0"
            ),
            ("caf\u{E9} \u{1F600} bar", AnswerSpan(text: "bar", start: 6), "it is at 7"),
            (
                "the NATO pact", AnswerSpan(text: "nato", start: 4),
                "the context has it only as \"NATO\", at 4: other capitals"
            ),
            (
                "a cafe\u{301} there", AnswerSpan(text: "caf\u{E9}", start: 2),
                "only as \"cafe\u{301}\", at 2: another Unicode normalisation (NFC, NFD)"
            ),
            (
                "a caf\u{E9} there", AnswerSpan(text: "cafe\u{301}", start: 2),
                "only as \"caf\u{E9}\", at 2: another Unicode normalisation (NFC, NFD)"
            ),
            (
                "in New\u{A0}York now", AnswerSpan(text: "New York", start: 3),
                """
                only as \"New\u{A0}York\", at 3: other white space, quotes, dashes or invisible characters, or more \
                than one difference
                """
            ),
            (
                "in New  York now", AnswerSpan(text: "New York", start: 3),
                """
                only as \"New  York\", at 3: other white space, quotes, dashes or invisible characters, or more \
                than one difference
                """
            ),
            ("in New York now", AnswerSpan(text: "Boston", start: 3), "the context does not contain it"),
        ])
    func misplaced(context: String, answer: AnswerSpan, message: String) throws {
        let problem = try #require(problems(context, [answer]).first)
        #expect(problem.kind == .misplacedAnswer)
        #expect(problem.message.hasSuffix(message), "\(problem)")
        #expect(problem.preventsTraining)
        #expect(problem.description == "question q: \(problem.message)")
    }

    @Test("An answer in another normalisation is no match even at its offset")
    func normalisedInPlace() {
        #expect(problems("e\u{301}", [AnswerSpan(text: "e\u{301}", start: 0)]).isEmpty)
        #expect(
            problems("\u{C5}ngstr\u{F6}m", [AnswerSpan(text: "\u{212B}ngstr\u{F6}m", start: 0)]).map(\.kind) == [
                .misplacedAnswer
            ])
    }

    @Test("A negative offset is reported", arguments: [-1, Int.min])
    func negative(start: Int) throws {
        let problem = try #require(problems("by Ada", [AnswerSpan(text: "Ada", start: start)]).first)
        #expect(problem.kind == .negativeOffset)
        let offset = start == -1 ? "no offset" : "the offset \(start)"
        #expect(problem.message == "answer \"Ada\" has \(offset); it is at 3")
        #expect(problem.preventsTraining)
    }

    @Test("An offset that leads out of the context is reported", arguments: [4, 6, 1000, Int.max])
    func outside(start: Int) throws {
        let problem = try #require(problems("by Ada", [AnswerSpan(text: "Ada", start: start)]).first)
        #expect(problem.kind == .offsetOutside)
        #expect(
            problem.message == "answer \"Ada\" at offset \(start) ends outside the context of 6 characters; it is at 3")
    }

    @Test("An offset outside is reported also where the answer is nowhere")
    func outsideAndAbsent() throws {
        let problem = try #require(problems("by", [AnswerSpan(text: "Ada Lovelace", start: 0)]).first)
        #expect(problem.kind == .offsetOutside)
        #expect(problem.message.hasSuffix("the context does not contain it"))
    }

    @Test("An answer without text is reported")
    func emptyAnswer() throws {
        let problem = try #require(problems("by Ada", [AnswerSpan(text: "", start: 0)]).first)
        #expect(problem.kind == .emptyAnswer)
        #expect(problem.message == "an answer has no text")
    }

    @Test("A question without an answer is reported unless it is said to be impossible")
    func noAnswer() throws {
        let problem = try #require(problems("by Ada", []).first)
        #expect(problem.kind == .noAnswer)
        #expect(problem.message == "there is no answer; SQuAD 2.0 files mark that with \"is_impossible\": true")
        #expect(problem.preventsTraining)
        func kinds(_ isImpossible: Bool) -> [DatasetProblem.Kind] {
            let question = Question(
                id: "q", question: "Who?", answers: [], isImpossible: isImpossible, plausibleAnswers: [])
            return dataset(context: "by Ada", question: question).problems().map(\.kind)
        }
        #expect(kinds(true).isEmpty)
        #expect(kinds(false) == [.noAnswer])
    }

    @Test("A question that is called impossible and has answers is reported")
    func contradiction() {
        let question = Question(
            id: "q", question: "Who?", answers: [AnswerSpan(text: "one", start: 0)], isImpossible: true,
            plausibleAnswers: [])
        let problems = dataset(context: "one two", question: question).problems()
        #expect(problems.map(\.kind) == [.impossibleWithAnswer])
        #expect(problems[0].preventsTraining)
    }

    @Test("A blank question or context is reported", arguments: ["", " ", "\n\t\u{A0}\u{3000}"])
    func blank(text: String) {
        let answers = [AnswerSpan(text: "Ada", start: 0)]
        let question = problems("Ada", answers, question: text)
        #expect(question.map(\.kind) == [.emptyQuestion])
        #expect(question.map(\.message) == ["the question is empty"])
        let context = problems(text, answers)
        #expect(context.first?.kind == .emptyContext)
        #expect(context.count == 2)
        #expect(context.first?.message == "the context is empty")
        #expect(context.first?.preventsTraining == true)
    }

    @Test("An empty id is reported but does not keep the question from training")
    func emptyID() {
        let found = problems("Ada", [AnswerSpan(text: "Ada", start: 0)], id: "")
        #expect(found.map(\.kind) == [.emptyID])
        #expect(found.map(\.message) == ["the id is empty"])
        #expect(found.map(\.preventsTraining) == [false])
    }

    @Test("The second question of an id is reported, ids being compared byte for byte")
    func duplicateID() {
        func question(_ id: QuestionID) -> Question {
            Question(id: id, question: "?", answers: [AnswerSpan(text: "Ada", start: 0)])
        }
        let sample = Dataset(articles: [
            Article(
                title: "", paragraphs: [Paragraph(context: "Ada", questions: [question("x"), question("\u{E9}")])]),
            Article(
                title: "", paragraphs: [Paragraph(context: "Ada", questions: [question("e\u{301}"), question("x")])]),
        ])
        let found = sample.problems()
        #expect(found.map(\.kind) == [.duplicateID])
        #expect(found.map(\.questionID) == ["x"])
        #expect(found.map(\.message) == ["an earlier question has the same id; ids must differ"])
        #expect(found.map(\.preventsTraining) == [true])
    }

    @Test("Only the first answer, which training uses, keeps a question from training")
    func furtherAnswers() {
        let answers = [
            AnswerSpan(text: "Ada", start: 3), AnswerSpan(text: "Ada", start: 0), AnswerSpan(text: "", start: 0),
            AnswerSpan(text: "x", start: -1),
        ]
        let found = problems("by Ada", answers)
        #expect(found.map(\.kind) == [.misplacedAnswer, .emptyAnswer, .negativeOffset])
        #expect(found.allSatisfy { !$0.preventsTraining })
    }

    @Test("Kinds have stable names in reports")
    func names() {
        let names = [
            "duplicate_id", "empty_id", "empty_question", "empty_context", "no_answer", "impossible_with_answer",
            "empty_answer",
            "negative_offset",
            "offset_outside", "misplaced_answer",
        ]
        #expect(DatasetProblem.Kind.allCases.map(\.rawValue) == names)
    }
}
