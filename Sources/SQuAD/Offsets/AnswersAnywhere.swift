extension Dataset {
    /// The dataset with every place of each text that has the words of an answer to its question, as an answer of its
    /// own; also where they differ in capitals, white space and the like, if the text nowhere has them as they are.
    /// Offsets of the file don't count. Answers that the text nowhere has stay as they are.
    package func withAnswersAnywhere() -> Dataset {
        var result = self
        for article in articles.indices {
            for paragraph in articles[article].paragraphs.indices {
                let text = articles[article].paragraphs[paragraph]
                let search = AnswerSearch(text.context)
                result.articles[article].paragraphs[paragraph].questions = text.questions.map { question in
                    var question = question
                    let found = search.everywhere(question.answers)
                    if !found.isEmpty { question.answers = found }
                    return question
                }
            }
        }
        return result
    }
}

extension AnswerSearch {
    /// Each place that has the words of one of the answers, in the order of the text; none twice.
    fileprivate func everywhere(_ answers: [AnswerSpan]) -> [AnswerSpan] {
        let ranges = Set(answers.flatMap { places(of: $0).ranges })
        return ranges.sorted { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
            .map { AnswerSpan(text: text($0), start: $0.lowerBound) }
    }
}
