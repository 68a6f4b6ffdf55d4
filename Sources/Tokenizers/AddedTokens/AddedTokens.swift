import StrictJSON

/// The added tokens of a vocabulary with their ids, in the order in which they were added.
///
/// - Source: `AddedVocabulary` of tokenizers 0.23.1 (`tokenizers/src/tokenizer/added_vocabulary.rs`).
struct AddedTokens: Sendable {
    private(set) var ids: [ExactString: Int32] = [:]
    private(set) var byID: [Int32: AddedToken] = [:]
    private var special: [AddedToken] = []
    private var ordinary: [AddedToken] = []
    private var specialContents: Set<ExactString> = []
    private(set) var highestID: Int32 = -1

    /// Adds tokens. A token that the model's vocabulary has keeps its id there; each other one gets the next id.
    ///
    /// The next id follows the highest one of an added token, or the *number* of the model's tokens: where those have
    /// holes or doubled spellings, it may be an id that is in use. This is what the library does.
    mutating func add(_ tokens: [AddedToken], pieceCount: Int, pieceID: (String) -> Int32?) {
        ids.reserveCapacity(ids.count + tokens.count)
        byID.reserveCapacity(byID.count + tokens.count)
        for token in tokens where token.isSpecial && !token.content.isEmpty {
            if specialContents.insert(ExactString(token.content)).inserted { special.append(token) }
        }
        for token in tokens where !token.content.isEmpty {
            let content = ExactString(token.content)
            let known = ids[content]
            if let known, byID[known] == token { continue }
            let next = highestID >= Int32(pieceCount) ? highestID + 1 : Int32(pieceCount)
            let id = known ?? pieceID(token.content) ?? next
            ids[content] = id
            byID[id] = token
            highestID = max(highestID, id)
            if !specialContents.contains(content) { ordinary.append(token) }
        }
    }

    /// Removes the tokens whose ids are `limit` or more.
    mutating func removeIDs(from limit: Int32) {
        let removed = Set(ids.filter { $0.value >= limit }.keys)
        for content in removed { ids[content] = nil }
        byID = byID.filter { $0.key < limit }
        special.removeAll { removed.contains(ExactString($0.content)) }
        ordinary.removeAll { removed.contains(ExactString($0.content)) }
        specialContents.subtract(removed)
        highestID = ids.values.max() ?? -1
    }

    /// The id of a token spelled exactly so.
    func id(of token: String) -> Int32? { ids.isEmpty ? nil : ids[ExactString(token)] }

    /// Whether a special token is spelled exactly so.
    func isSpecial(_ spelling: String) -> Bool { specialContents.contains(ExactString(spelling)) }

    /// The tokens in the order of their ids.
    var sorted: [(id: Int32, token: AddedToken)] {
        ids.map { (id: $0.value, token: byID[$0.value] ?? AddedToken($0.key.text)) }
            .sorted { ($0.id, $0.token.content) < ($1.id, $1.token.content) }
    }

    /// What is looked for in texts, in the order in which equal spellings are preferred: each token's spelling and id,
    /// and how a find with this id is treated.
    func patterns(normalised: Bool) -> [AddedTokenMatcher.Pattern] {
        (special + ordinary).filter { $0.isNormalised == normalised }.compactMap { token in
            ids[ExactString(token.content)].map { id in
                AddedTokenMatcher.Pattern(spelling: token.content, id: id, token: byID[id] ?? token)
            }
        }
    }
}
