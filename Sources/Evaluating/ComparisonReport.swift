import Charts
import Console
import SQuAD

/// A comparison as one self-contained HTML page.
package struct ComparisonReport: Sendable {
    private let comparison: Comparison
    private let title: String
    private let curves: [(name: String, curve: LearningCurve)]
    /// Questions shown of those that the models disagree on, those with the largest difference first.
    private let shown = 100

    /// The page of a comparison.
    ///
    /// - Parameters:
    ///   - title: the name of the data.
    ///   - curves: the learning curves of the models that have them.
    package init(_ comparison: Comparison, title: String, curves: [(name: String, curve: LearningCurve)] = []) {
        (self.comparison, self.title, self.curves) = (comparison, title, curves)
    }

    /// The text of the page.
    package func html() -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(escaped(title)): models compared</title>
        <style>
        \(Self.style)
        </style>
        </head>
        <body>
        <h1>Models compared</h1>
        <p>\(comparison.dataset.questionCount) questions of <code>\(escaped(title))</code>. In brackets: the range \
        that holds \
        the figure in 95 of 100 resamples of the questions.</p>
        \(table)
        \(differences)
        <h2>F1 by what is asked for</h2>
        \(groups { question in QuestionGroup.word(of: question.question) })
        <h2>F1 by the answer's length</h2>
        \(groups { question in QuestionGroup.length(of: question) })
        \(training)
        \(disagreements)
        </body>
        </html>

        """
    }

    private var names: [String] { comparison.results.map { escaped($0.entry.name) } }

    private var table: String {
        let rows = comparison.results.map { result in
            let memory = result.entry.peakMemory.map { "\(Figures.fixed(Double($0) / 1_048_576, 0)) MiB" } ?? "-"
            let weights = Figures.fixed(Double(result.entry.weightBytes) / 1_048_576, 0)
            return """
                <tr><th scope="row">\(escaped(result.entry.name))</th>\
                <td>\(Figures.fixed(Double(result.entry.parameters) / 1e6, 1)) M</td>\
                <td>\(Figures.fixed(result.exactMatch, 2)) <small>\(range(result.exactMatchInterval))</small></td>\
                <td>\(Figures.fixed(result.f1, 2)) <small>\(range(result.f1Interval))</small></td>\
                <td>\(Figures.fixed(result.entry.tokens.exactMatch, 4))</td>\
                <td>\(Figures.fixed(result.entry.tokens.f1, 4))</td>\
                <td>\(Figures.fixed(result.entry.questionsPerSecond, 1))</td><td>\(weights) MiB</td>\
                <td>\(memory)</td></tr>
                """
        }
        return """
            <table>
            <thead><tr><th>model</th><th>parameters</th><th>exact match</th><th>F1</th><th>token exact match</th>\
            <th>token F1</th><th>questions/s</th><th>weights</th><th>memory</th></tr></thead>
            <tbody>
            \(rows.joined(separator: "\n"))
            </tbody>
            </table>
            """
    }

    private var differences: String {
        let lines = comparison.differences.map { difference in
            let verdict = difference.isBeyondChance ? "beyond chance" : "within chance"
            return "<li>\(names[difference.first]) against \(names[difference.second]): F1 "
                + "\(signed(difference.f1)) <small>\(range(difference.interval))</small>, "
                + "<strong>\(verdict)</strong></li>"
        }
        return lines.isEmpty ? "" : "<ul>\n\(lines.joined(separator: "\n"))\n</ul>"
    }

    /// Bars of each model's mean F1 over the questions of each group, the largest groups first.
    private func groups(_ name: (Question) -> String) -> String {
        let questions = comparison.dataset.articles.flatMap(\.paragraphs).flatMap(\.questions)
        let members = Dictionary(grouping: questions.indices) { name(questions[$0]) }
        let ordered = members.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
        let rows = ordered.map { group, indices in
            let bars = comparison.results.enumerated().map { number, result in
                let f1 = 100 * indices.reduce(0) { $0 + result.questions[$1].f1 } / Double(indices.count)
                return """
                    <div class="bar"><span class="fill model\(number % 4)" \
                    style="width:\(Figures.fixed(f1, 1))%"></span>\
                    <span class="value">\(Figures.fixed(f1, 1))</span></div>
                    """
            }
            return "<tr><th scope=\"row\">\(escaped(group)) <small>\(indices.count)</small></th><td>"
                + "\(bars.joined())</td></tr>"
        }
        let legend = names.enumerated().map { "<span class=\"key model\($0.offset % 4)\"></span>\($0.element)" }
        return "<p class=\"legend\">\(legend.joined(separator: " "))</p>\n<table class=\"bars\">\n"
            + "\(rows.joined(separator: "\n"))\n</table>"
    }

    private var training: String {
        let pictures = curves.map { name, curve in
            "<figure>\(curve.svg())<figcaption>\(escaped(name))</figcaption></figure>"
        }
        return pictures.isEmpty ? "" : "<h2>How they were trained</h2>\n\(pictures.joined(separator: "\n"))"
    }

    /// The questions on which the best and the worst answer differ, each with its text.
    private var disagreements: String {
        var places: [(context: String, question: Question)] = []
        for paragraph in comparison.dataset.articles.flatMap(\.paragraphs) {
            places += paragraph.questions.map { (paragraph.context, $0) }
        }
        let gaps = places.indices.map { index -> Double in
            let scores = comparison.results.map { $0.questions[index].f1 }
            return (scores.max() ?? 0) - (scores.min() ?? 0)
        }
        let differing = places.indices.filter { gaps[$0] > 0 }.sorted { (gaps[$1], $0) < (gaps[$0], $1) }
        guard !differing.isEmpty else { return "" }
        let sections = differing.prefix(shown).map { section(places[$0].context, places[$0].question, number: $0) }
        let limit = differing.count > shown ? ", the \(shown) largest differences of \(differing.count)" : ""
        return "<h2>Where they disagree\(limit)</h2>\n\(sections.joined(separator: "\n"))"
    }

    private func section(_ context: String, _ question: Question, number: Int) -> String {
        let answers = comparison.results.map { result in
            let answer = result.entry.answers[result.questions[number].id] ?? ""
            let f1 = Figures.fixed(result.questions[number].f1, 2)
            return "<li>\(escaped(result.entry.name)): <q>\(escaped(answer))</q> <small>F1 \(f1)</small></li>"
        }
        return """
            <details><summary>\(escaped(question.question)) <small>\(escaped(question.id.text))</small></summary>
            <ul>\(answers.joined())</ul>
            <p>\(marked(context, question.answers.first))</p></details>
            """
    }

    private func marked(_ context: String, _ answer: AnswerSpan?) -> String {
        let scalars = Array(context.unicodeScalars)
        guard let answer, answer.start >= 0, answer.start <= scalars.count else { return escaped(context) }
        let end = min(scalars.count, answer.start + answer.text.unicodeScalars.count)
        let part = { (range: Range<Int>) in escaped(String(String.UnicodeScalarView(scalars[range]))) }
        return part(0..<answer.start) + "<mark>\(part(answer.start..<end))</mark>" + part(end..<scalars.count)
    }

    private func range(_ interval: ClosedRange<Double>) -> String {
        "[\(Figures.fixed(interval.lowerBound, 2)), \(Figures.fixed(interval.upperBound, 2))]"
    }

    private func signed(_ number: Double) -> String { (number > 0 ? "+" : "") + Figures.fixed(number, 2) }

    private func escaped(_ text: String) -> String { SVG.escaped(text) }

    private static let style = """
        body { font: 16px/1.5 system-ui, sans-serif; color: #1f2933; max-width: 62rem; margin: 2rem auto; padding: 0 \
        1rem; }
        table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
        th, td { text-align: right; padding: .35rem .6rem; border-bottom: 1px solid #e4e7eb; }
        th:first-child { text-align: left; font-weight: 600; }
        small { color: #616e7c; font-weight: 400; }
        .bars td { text-align: left; width: 75%; }
        .bar { position: relative; height: 1.25rem; margin: .15rem 0; background: #f5f7fa; }
        .fill { display: block; height: 100%; }
        .value { position: absolute; right: .4rem; top: 0; font-size: .8rem; }
        .key { display: inline-block; width: .8rem; height: .8rem; margin: 0 .35rem 0 .9rem; }
        .model0 { background: #93b4f5; } .model1 { background: #f0b08a; } .model2 { background: #7fc9bf; } .model3 { \
        background: #c3b5d9; }
        details { border-bottom: 1px solid #e4e7eb; padding: .5rem 0; }
        summary { cursor: pointer; font-weight: 600; }
        mark { background: #fde68a; }
        figure { margin: 1rem 0; } figure svg { max-width: 100%; height: auto; }
        """
}
