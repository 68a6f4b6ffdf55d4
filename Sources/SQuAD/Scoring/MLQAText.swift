/// Texts as MLQA's rules compare them: small letters, no punctuation of any script, no articles of the language, and
/// words between spaces, or characters in languages that write none.
///
/// - Source: the rules of MLQA's `mlqa_evaluation_v1.py` (Lewis et al. 2020, arXiv:1910.07475). Japanese and Thai are
///   none of its languages: their kana and letters are taken apart as it takes Chinese characters apart; Korean has
///   words between spaces.
enum MLQAText {
    typealias Scalars = [Unicode.Scalar]

    /// The words of a text.
    static func words(_ text: String, language: String) -> [Scalars] {
        let lowered = PythonText.lower(Array(text.unicodeScalars)).filter { !isPunctuation($0) }
        let plain =
            language == "ar" ? withoutArabicArticle(lowered) : withoutArticles(lowered, articles[language] ?? [])
        return plain.split(whereSeparator: PythonText.isSpace).flatMap { word in
            split(Array(word)) { standsAlone($0, language) }
        }
    }

    /// Unicode's punctuation, and ASCII's symbols.
    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return PythonText.isPunctuation(scalar) }
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return true
        default: return false
        }
    }

    /// Whether a character is a word by itself.
    private static func standsAlone(_ scalar: Unicode.Scalar, _ language: String) -> Bool {
        switch language {
        case "zh": isHan(scalar)
        case "ja": isHan(scalar) || (0x3040...0x30FF).contains(scalar.value) || (0xFF66...0xFF9D).contains(scalar.value)
        case "th": (0x0E00...0x0E7F).contains(scalar.value)
        default: false
        }
    }

    /// The Chinese characters that the field's scripts take apart.
    static func isHan(_ scalar: Unicode.Scalar) -> Bool { (0x4E00...0x9FA5).contains(scalar.value) }

    /// Takes a word apart where characters stand alone.
    private static func split(_ word: Scalars, _ standsAlone: (Unicode.Scalar) -> Bool) -> [Scalars] {
        var (parts, open) = ([Scalars](), Scalars())
        for scalar in word {
            guard standsAlone(scalar) else {
                open.append(scalar)
                continue
            }
            if !open.isEmpty { parts.append(open) }
            (parts, open) = (parts + [[scalar]], [])
        }
        return open.isEmpty ? parts : parts + [open]
    }

    private static let articles: [String: Set<String>] = [
        "en": ["a", "an", "the"], "es": ["un", "una", "unos", "unas", "el", "la", "los", "las"],
        "vi": ["của", "là", "cái", "chiếc", "những"],
        "de": [
            "ein", "eine", "einen", "einem", "eines", "einer", "der", "die", "das", "den", "dem", "des",
        ],
    ]

    /// Puts a space in place of each whole word that is an article, word boundaries being those of Python's `re`.
    static func withoutArticles(_ text: Scalars, _ articles: Set<String>) -> Scalars {
        guard !articles.isEmpty else { return text }
        let forms = Set(articles.map { Array($0.unicodeScalars) })
        var result: Scalars = []
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            guard PythonText.isWord(text[index]) else {
                result.append(text[index])
                index += 1
                continue
            }
            let end = text[index...].firstIndex { !PythonText.isWord($0) } ?? text.count
            if forms.contains(Array(text[index..<end])) { result.append(" ") } else { result += text[index..<end] }
            index = end
        }
        return result
    }

    /// Puts a space in place of every alef and lam, as the official rules do, also inside words.
    private static func withoutArabicArticle(_ text: Scalars) -> Scalars {
        var (result, index) = (Scalars(), 0)
        while index < text.count {
            let isArticle = index + 1 < text.count && text[index] == "\u{627}" && text[index + 1] == "\u{644}"
            result.append(isArticle ? " " : text[index])
            index += isArticle ? 2 : 1
        }
        return result
    }
}
