import Console
import Files
import SQuAD

extension DatasetExtent {
    /// What a user should know of the file before anything is made of it, a line each.
    ///
    /// - Parameters:
    ///   - scoring: whether answers are compared with those of the file.
    ///   - repairing: whether offsets of another unit are converted anyway.
    private func remarks(scoring: Bool, repairing: Bool) -> [String] {
        var lines: [String] = []
        if namelessQuestions > 0 {
            lines.append(
                "note: \(namelessQuestions) of \(Figures.count(questions, "question")) without an id; each is named "
                    + "by its number in the file")
        }
        if let first = ids.firstRepeated {
            lines.append(
                "warning: \(ids.repeatedCount) of \(Figures.count(questions, "question")) with a repeated id, "
                    + "first \"\(first)\"; they are named \"\(first)#2\" and so on, and all are counted")
        }
        if unit != .characters, !repairing {
            lines.append(
                "warning: the offsets of answers count \(unit), not characters; `bertqa convert --repair` converts them"
            )
        }
        if scoring, labelledQuestions < questions {
            let count = Figures.count(questions - labelledQuestions, "question")
            lines.append("warning: \(count) without an answer in the file; they count as wrong")
        }
        return lines
    }

    /// Writes the remarks on standard error.
    func tell(scoring: Bool = false, repairing: Bool = false) {
        StandardError.write(remarks(scoring: scoring, repairing: repairing).map { $0 + "\n" }.joined())
    }
}

extension ScoringRules {
    /// Says on standard error that English words are counted where most answers have no spaces between words.
    func tell(of dataset: Dataset) {
        guard self == .squad, let language = WritingSystem.unspacedLanguage(of: dataset) else { return }
        let other = language == "zh" ? " or --metric cmrc" : ""
        StandardError.write(
            "warning: most answers are in a script without spaces between words, where SQuAD's metric counts a whole "
                + "answer as one word; --language \(language)\(other) counts characters\n"
        )
    }
}
