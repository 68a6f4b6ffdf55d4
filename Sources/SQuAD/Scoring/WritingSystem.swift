/// Which texts are written without spaces between words.
package enum WritingSystem {
    /// The language, by its two letters, whose rules fit most answers of a dataset that are written without spaces
    /// between words; nil if most are not. Kana tell Japanese from Chinese.
    package static func unspacedLanguage(of dataset: Dataset) -> String? {
        var (unspaced, kana, thai, total) = (0, 0, 0, 0)
        for article in dataset.articles {
            for paragraph in article.paragraphs {
                for answer in paragraph.questions.compactMap(\.answers.first) {
                    let script = Script(answer.text)
                    total += 1
                    if script.isUnspaced { unspaced += 1 }
                    if script.kana > 0 { kana += 1 }
                    if script.thai > 0 { thai += 1 }
                }
            }
        }
        guard 2 * unspaced > total else { return nil }
        if 2 * thai > unspaced { return "th" }
        return 10 * kana > unspaced ? "ja" : "zh"
    }

    /// The letters of a text.
    private struct Script {
        var (han, kana, thai, others) = (0, 0, 0, 0)

        init(_ text: String) {
            for scalar in text.unicodeScalars {
                switch scalar.value {
                case 0x3040...0x30FF, 0xFF66...0xFF9D: kana += 1
                case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x323AF: han += 1
                case 0x0E00...0x0E7F: thai += 1
                default: if scalar.properties.isAlphabetic { others += 1 }
                }
            }
        }

        var isUnspaced: Bool { han + kana + thai > others }
    }
}
