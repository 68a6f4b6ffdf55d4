/// What one walk through a dataset finds out: that it is whole, how much there is to read, and what is remarkable about
/// it.
package struct DatasetExtent: Sendable, Hashable {
    /// The number of questions.
    package private(set) var questions = 0
    /// The sum of `work(_:)` over all paragraphs.
    package private(set) var work = 0
    /// How many questions have no id and are named by their number in the file.
    package private(set) var namelessQuestions = 0
    /// What the file's offsets count.
    package private(set) var unit = OffsetUnit.characters
    /// The questions that have answers, or are said to have none.
    package private(set) var labelledQuestions = 0
    /// The ids, as far as telling repeated ones apart takes.
    package private(set) var ids = RepeatedIDs()

    /// Whether no question has an answer or is said to have none, as in files to predict on.
    package var isUnlabelled: Bool { labelledQuestions == 0 }

    /// Walks through a file without keeping more than a number for each id.
    ///
    /// - Parameter progress: is called with the bytes that were read and the file's size.
    /// - Throws: `DatasetError` as `Dataset(path:)` does.
    package init(path: String, progress: (Int, Int) -> Void = { _, _ in }) throws(DatasetError) {
        var stream = try ParagraphStream(path: path)
        var survey = OffsetSurvey()
        while let paragraph = try stream.next() {
            add(paragraph, &survey)
            progress(stream.bytesRead, stream.byteCount)
        }
        guard questions > 0 else { throw DatasetError.withoutQuestions(DatasetFile.name(path)) }
        namelessQuestions = stream.namelessQuestions
        unit = survey.unit
        ids.finish()
    }

    /// Looks at a dataset that is in memory.
    package init(_ dataset: Dataset) {
        var survey = OffsetSurvey()
        for article in dataset.articles { article.paragraphs.forEach { add($0, &survey) } }
        namelessQuestions = dataset.namelessQuestions
        unit = survey.unit
        ids.finish()
    }

    private mutating func add(_ paragraph: Paragraph, _ survey: inout OffsetSurvey) {
        questions += paragraph.questions.count
        work += Self.work(paragraph)
        for question in paragraph.questions {
            ids.add(question.id)
            if question.isLabelled { labelledQuestions += 1 }
        }
        survey.add(paragraph)
    }

    /// Refuses a file without answers if it is to be scored.
    ///
    /// - Parameter path: what the message calls the file.
    package func requireAnswers(_ path: String) throws(DatasetError) {
        guard isUnlabelled else { return }
        throw DatasetError(
            path: DatasetFile.name(path),
            message: "no question has an answer to compare with; such a file can be used for prediction, but not for "
                + "scoring")
    }

    /// What it takes to answer a paragraph's questions: the bytes of each question and of the text it is asked about.
    static func work(_ paragraph: Paragraph) -> Int {
        paragraph.questions.reduce(0) { $0 + paragraph.context.utf8.count + $1.question.utf8.count }
    }
}
