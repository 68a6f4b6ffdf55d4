/// Texts as CMRC 2018's rules compare them: small letters, without the punctuation that its script lists; Chinese
/// characters are tokens by themselves, what is between them is taken apart as English is.
///
/// - Source: the rules of `cmrc2018_evaluate.py`, version 5 (Cui et al. 2019, arXiv:1810.07366). English words come
///   from NLTK's `word_tokenize` there; here from its main rules: punctuation and the endings of contractions are
///   tokens.
enum CMRCText {
    typealias Scalars = [Unicode.Scalar]

    private static let punctuation = Set(
        ("-:_*^/\\~`+=" + "\u{FF0C}\u{3002}\u{FF1A}\u{FF1F}\u{FF01}\u{201C}\u{201D}\u{FF1B}\u{2019}\u{300A}\u{300B}"
            + "\u{B7}\u{3001}\u{300C}\u{300D}\u{FF08}\u{FF09}\u{FF0D}\u{FF5E}\u{300E}\u{300F}").unicodeScalars)

    /// What exact match compares.
    static func withoutPunctuation(_ text: String) -> Scalars {
        let lowered = PythonText.lower(Array(text.unicodeScalars))
        let start = lowered.drop(while: PythonText.isSpace)
        return start.reversed().drop(while: PythonText.isSpace).reversed().filter { !punctuation.contains($0) }
    }

    /// The tokens that F1 compares.
    static func tokens(_ text: String) -> [Scalars] {
        var (tokens, open) = ([Scalars](), Scalars())
        for scalar in withoutPunctuation(text) {
            guard MLQAText.isHan(scalar) else {
                open.append(scalar)
                continue
            }
            tokens += words(open)
            tokens.append([scalar])
            open = []
        }
        return tokens + words(open)
    }

    /// The longest run of tokens that two texts share.
    static func longestRun(_ one: [Scalars], _ other: [Scalars]) -> Int {
        var (longest, runs) = (0, [Int](repeating: 0, count: other.count + 1))
        for token in one {
            var previous = 0
            for (index, match) in other.enumerated() {
                let run = token == match ? previous + 1 : 0
                previous = runs[index + 1]
                runs[index + 1] = run
                longest = max(longest, run)
            }
        }
        return longest
    }

    /// The words of a text without Chinese characters.
    private static func words(_ text: Scalars) -> [Scalars] {
        var words: [Scalars] = []
        let parts = text.split(whereSeparator: PythonText.isSpace).map(Array.init)
        for (index, part) in parts.enumerated() { words += Self.parts(of: part, isLast: index == parts.count - 1) }
        return words
    }

    /// Takes punctuation and contractions off a word. A full stop ends a word only at the end of the text.
    private static func parts(of word: Scalars, isLast: Bool) -> [Scalars] {
        var (parts, open) = ([Scalars](), Scalars())
        func close() {
            if !open.isEmpty { parts += contraction(open) }
            open = []
        }
        func isDot(_ index: Int) -> Bool { word.indices.contains(index) && word[index] == "." }
        for (index, scalar) in word.enumerated() {
            let next = index + 1 < word.count ? word[index + 1] : nil
            let stands =
                switch scalar {
                case ",": next.map { !isDigit($0) } ?? true
                // Several are one token.
                case ".":
                    isDot(index - 1) || isDot(index + 1) || isLast && word[(index + 1)...].allSatisfy(closing.contains)
                default: separate.contains(scalar)
                }
            if stands, isDot(index), isDot(index - 1) {
                parts[parts.count - 1].append(scalar)
            } else if stands {
                close()
                parts.append([scalar])
            } else {
                open.append(scalar)
            }
        }
        close()
        return parts
    }

    private static let separate = Set(
        ";@#$%&?![](){}<>\"\u{AB}\u{BB}\u{2018}\u{201E}\u{2012}\u{2013}\u{2014}\u{2015}".unicodeScalars)
    private static let closing = Set("])}>\"'\u{BB}".unicodeScalars)
    private static let endings = ["'s", "'m", "'d", "'ll", "'re", "'ve", "n't", "'"].map { Array($0.unicodeScalars) }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    /// A word and the ending of a contraction.
    private static func contraction(_ word: Scalars) -> [Scalars] {
        for ending in endings where word.count > ending.count && word.suffix(ending.count).elementsEqual(ending) {
            return [Array(word.dropLast(ending.count)), ending]
        }
        return [word]
    }
}
