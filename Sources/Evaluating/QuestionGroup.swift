import SQuAD

/// Groups of questions that are scored separately.
package enum QuestionGroup {
    /// The question word: "who", "how many", ...; "other" if there is none.
    package static func word(of question: String) -> String {
        let words = question.lowercased().split { !$0.isLetter }.map(String.init)
        guard let index = words.firstIndex(where: { asking.contains($0) }) else { return "other" }
        if words[index] == "how", index + 1 < words.count, ["many", "much", "long", "old"].contains(words[index + 1]) {
            return "how \(words[index + 1])"
        }
        return words[index] == "whose" || words[index] == "whom" ? "who" : words[index]
    }

    /// The number of words of the first answer, in classes.
    package static func length(of question: Question) -> String {
        let count = question.answers.first?.text.split(whereSeparator: \.isWhitespace).count ?? 0
        return switch count {
        case ...1: "1 word"
        case 2: "2 words"
        case 3...4: "3 to 4 words"
        case 5...8: "5 to 8 words"
        default: "9 words or more"
        }
    }

    private static let asking: Set<String> = [
        "what", "who", "whom", "whose", "when", "where", "which", "why", "how",
    ]
}
