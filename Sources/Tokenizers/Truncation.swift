/// Which text of a pair loses tokens at its end when the pair is too long; the names are those of transformers.
public enum Truncation: String, Sendable, CaseIterable {
    /// Only the second text.
    case onlySecond = "only_second"
    /// The longer one first, then both evenly.
    case longestFirst = "longest_first"
    /// Only the first text.
    case onlyFirst = "only_first"

    /// How many tokens of each text stay so that both together have at most `room`, as the `tokenizers` library cuts.
    ///
    /// - Throws: `TokenizerError` (`.truncation`) if one text alone cannot make up for the excess: it must keep a
    ///   token.
    func kept(_ first: Int, _ second: Int, room: Int) throws(TokenizerError) -> (first: Int, second: Int) {
        if room == 0 { return (0, 0) }
        let excess = first + second - room
        guard excess > 0 else { return (first, second) }
        switch self {
        case .longestFirst:
            return Self.evened(first, second, room)
        case .onlyFirst:
            guard first > excess else { throw Self.tooShort("first", first, "second", second, room) }
            return (first - excess, second)
        case .onlySecond:
            guard second > excess else { throw Self.tooShort("second", second, "first", first, room) }
            return (first, second - excess)
        }
    }

    private static func evened(_ first: Int, _ second: Int, _ room: Int) -> (first: Int, second: Int) {
        var shorter = min(first, second)
        var longer = shorter > room ? shorter : max(shorter, room - shorter)
        if shorter + longer > room {
            shorter = room / 2
            longer = shorter + room % 2
        }
        return first > second ? (longer, shorter) : (shorter, longer)
    }

    private static func tooShort(
        _ cut: String, _ count: Int, _ whole: String, _ other: Int, _ room: Int
    ) -> TokenizerError {
        TokenizerError(
            .truncation,
            "the \(whole) text has \(other) tokens and the \(cut) \(count), but only \(room) fit beside the special "
                + "tokens, and cutting the \(cut) text alone would leave nothing of it; use a larger maximum length")
    }
}
