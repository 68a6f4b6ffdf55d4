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

    private(set) var entries: [Entry] = []
    /// The entry of each spelling.
    private var places: [ExactString: Int32] = [:]
    /// The entry of each id.
    private var placesByID: [Int32: Int32] = [:]
    /// The entries in the order in which they are looked for, the special ones first.
    private var special: [Int32] = []
    private var ordinary: [Int32] = []
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
            if token.isSpecial { special.append(place) } else { ordinary.append(place) }
        }
    }

    /// Changes the flags of a token; one that is special once comes before the ordinary ones.
    private mutating func replace(_ place: Int, by token: AddedToken) {
        guard entries[place].token != token else { return }
        entries[place].token = token
        if entries[place].isSpecial || !token.isSpecial { return }
        entries[place].isSpecial = true
        special.append(Int32(place))
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
        (special + ordinary).map { entries[Int($0)] }.filter { $0.token.isNormalised == normalised }.map { entry in
            var token = entry.token
            token.isSpecial = entry.isSpecial
            return AddedTokenMatcher.Pattern(spelling: token.content, id: entry.id, token: token)
        }
    }
}
