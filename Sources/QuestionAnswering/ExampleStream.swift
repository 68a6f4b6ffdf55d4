import SQuAD

/// The questions of a SQuAD file a few thousand at a time, for files of any size.
package struct ExampleStream {
    private var paragraphs: ParagraphStream
    private var keys: QuestionKeys
    private var open: (paragraph: Paragraph, number: Int, next: Int)?
    private var paragraphCount = 0
    private var exampleCount = 0

    /// The file's size in bytes.
    package var byteCount: Int { paragraphs.byteCount }
    /// How many of its bytes were walked through.
    package var bytesRead: Int { paragraphs.bytesRead }

    /// The most bytes of one part, unless it is a single question: questions and their texts, which count once for each
    /// question. That is a few thousand questions of SQuAD, or a few about a text of a megabyte, whose rows take tens
    /// of megabytes.
    private static let budget = 4 << 20

    /// A stream at the start of a file.
    ///
    /// - Parameter ids: the repeated ids that a walk through the file has found.
    /// - Throws: `DatasetError` for a file that cannot be read.
    package init(path: String, ids: RepeatedIDs) throws(DatasetError) {
        paragraphs = try ParagraphStream(path: path)
        keys = QuestionKeys(ids)
    }

    /// The next questions, at least one, and the number of the first of them in the dataset; nil at the end.
    ///
    /// - Throws: `DatasetError` as `Dataset(path:)` does, once the walk reaches the fault.
    package mutating func next() throws(DatasetError) -> (first: Int, examples: [Example])? {
        let first = exampleCount
        var examples: [Example] = []
        var work = 0
        while let (question, text, number) = try nextQuestion() {
            examples.append(Example(question, key: keys.next(question.id), of: text, paragraph: number))
            work += text.context.utf8.count + question.question.utf8.count
            if work >= Self.budget { break }
        }
        exampleCount += examples.count
        return examples.isEmpty ? nil : (first, examples)
    }

    private mutating func nextQuestion() throws(DatasetError) -> (Question, Paragraph, number: Int)? {
        while true {
            if let (paragraph, number, next) = open, next < paragraph.questions.count {
                open?.next += 1
                return (paragraph.questions[next], paragraph, number)
            }
            guard let paragraph = try paragraphs.next() else { return nil }
            open = (paragraph, paragraphCount, 0)
            paragraphCount += 1
        }
    }
}
