import SQuAD

extension Dataset {
    /// Some of the questions, each with its text joined to others near it in the dataset. The articles keep their
    /// numbers.
    ///
    /// - Parameters:
    ///   - questions: how many questions at most, spread over the dataset.
    ///   - texts: how many texts are joined, the question's own included.
    /// - Returns: nil for a dataset of a single text.
    package func amongOthers(questions: Int = 100, texts: Int = 8) -> Dataset? {
        let contexts = articles.flatMap { $0.paragraphs.map(\.context) }
        let step = max(1, questionCount / max(1, questions))
        guard Set(contexts).count > 1, texts > 1 else { return nil }
        var result = Dataset(version: version, articles: articles.map { Article(title: $0.title, paragraphs: []) })
        var (paragraph, number) = (0, 0)
        for (index, article) in articles.enumerated() {
            for text in article.paragraphs {
                for question in text.questions {
                    if number.isMultiple(of: step) {
                        let place = (number / step) % texts
                        result.articles[index].paragraphs.append(
                            Self.joined(question, paragraph: paragraph, of: contexts, texts: texts, place: place))
                    }
                    number += 1
                }
                paragraph += 1
            }
        }
        return result
    }

    /// A question about its text with `place` others before it and the rest behind it; those beyond the end of the
    /// dataset are taken from its beginning.
    private static func joined(
        _ question: Question, paragraph: Int, of contexts: [String], texts: Int, place: Int
    ) -> Paragraph {
        let between = "\n\n"
        let first = paragraph - place
        let chosen = (first..<(first + min(texts, contexts.count))).map { number in
            contexts[(number % contexts.count + contexts.count) % contexts.count]
        }
        let before = chosen.prefix(place).reduce(0) { $0 + $1.unicodeScalars.count + between.unicodeScalars.count }
        var question = question
        for index in question.answers.indices { question.answers[index].start += before }
        return Paragraph(context: chosen.joined(separator: between), questions: [question])
    }
}
