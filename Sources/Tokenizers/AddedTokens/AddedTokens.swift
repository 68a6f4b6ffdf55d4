import StrictJSON

/// The added tokens of a vocabulary with their ids, in the order in which they were added.
///
/// - Source: `AddedVocabulary` of tokenizers 0.23.1 (`tokenizers/src/tokenizer/added_vocabulary.rs`).
struct AddedTokens: Sendable {
    /// An added token and its id.
    struct Entry: Sendable {
        let id: Int32
        var token: AddedToken
        /// Whether it was added as a special token at least once.
        fileprivate(set) var isSpecial: Bool
    }

    /// What is looked for: an entry's spelling, in the original text or in the normalised one.
    private struct Search: Sendable {
        let entry: Int32
        let isNormalised: Bool
    }

    private(set) var entries: [Entry] = []
    /// The entry of each spelling.
    private var places: [ExactString: Int32] = [:]
    /// The entry of each id.
    private var placesByID: [Int32: Int32] = [:]
    private var special: [Search] = []
    private var ordinary: [Search] = []
    private(set) var highestID: Int32 = -1

    /// Adds tokens. A token that the model's vocabulary has keeps its id there; each other one gets the next id.
    ///
    /// The next id follows the highest one of an added token, or the *number* of the model's tokens: where those have
    /// holes or repeated spellings, it may be an id that is in use. This is what the library does.
    mutating func add(_ tokens: [AddedToken], pieceCount: Int, pieceID: (String) -> Int32?) {
        entries.reserveCapacity(entries.count + tokens.count)
        places.reserveCapacity(entries.count + tokens.count)
        placesByID.reserveCapacity(entries.count + tokens.count)
        for token in tokens where !token.content.isEmpty {
            let content = ExactString(token.content)
            if let place = places[content] {
                replace(Int(place), by: token)
                continue
            }
            let next = highestID >= Int32(pieceCount) ? highestID + 1 : Int32(pieceCount)
            let id = pieceID(token.content) ?? next
            let place = Int32(entries.count)
            places[content] = place
            placesByID[id] = place
            entries.append(Entry(id: id, token: token, isSpecial: token.isSpecial))
            highestID = max(highestID, id)
            search(for: token, place)
        }
    }

    /// Changes the flags of a token. It is still looked for as before, and becomes special but never ordinary again.
    private mutating func replace(_ place: Int, by token: AddedToken) {
        guard entries[place].token != token else { return }
        entries[place].token = token
        if entries[place].isSpecial { return }
        entries[place].isSpecial = token.isSpecial
        search(for: token, Int32(place))
    }

    private mutating func search(for token: AddedToken, _ place: Int32) {
        let search = Search(entry: place, isNormalised: token.isNormalised)
        if token.isSpecial { special.append(search) } else { ordinary.append(search) }
    }

    /// Removes the tokens whose ids are `limit` or more.
    mutating func removeIDs(from limit: Int32) {
        let kept = entries.filter { $0.id < limit }
        var others = AddedTokens()
        // All tokens that stay have the ids that they had: those before them stay as well.
        let ids = Dictionary(kept.map { (ExactString($0.token.content), $0.id) }, uniquingKeysWith: { $1 })
        others.add(kept.map(\.token), pieceCount: 0) { ids[ExactString($0)] }
        self = others
    }

    /// The id of a token spelled exactly so.
    func id(of token: String) -> Int32? { entry(of: token)?.id }

    /// The token spelled exactly so.
    func entry(of token: String) -> Entry? {
        if entries.isEmpty { return nil }
        return places[ExactString(token)].map { entries[Int($0)] }
    }

    /// The token with an id; of two the one that was added last.
    subscript(id: Int32) -> AddedToken? { placesByID[id].map { entries[Int($0)].token } }

    /// Whether a special token is spelled exactly so.
    func isSpecial(_ spelling: String) -> Bool {
        entry(of: spelling)?.isSpecial ?? false
    }

    /// The tokens in the order of their ids.
    var sorted: [Entry] { entries.sorted { ($0.id, $0.token.content) < ($1.id, $1.token.content) } }

    /// What is looked for in texts, in the order in which equal spellings are preferred.
    func patterns(normalised: Bool) -> [AddedTokenMatcher.Pattern] {
        (special + ordinary).filter { $0.isNormalised == normalised }.map { search in
            let entry = entries[Int(search.entry)]
            return AddedTokenMatcher.Pattern(spelling: entry.token.content, id: entry.id, token: entry.token)
        }
    }
}
