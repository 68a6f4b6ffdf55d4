import StrictJSON

extension JSONReader {
    /// Takes a string, or null in whose place `other` is.
    mutating func string(or other: String?) throws(JSONError) -> String? {
        guard try peek() == .null else { return try string() }
        try null()
        return other
    }

    /// Takes the id of a token.
    mutating func tokenID(of token: String) throws(JSONError) -> Int32 {
        guard let id = try number().int else { throw error("the id of \"\(token)\" is not a whole number") }
        guard (0..<Vocabulary.idLimit).contains(id) else {
            throw error("the id of \"\(token)\" is \(id); ids are at least 0 and below \(Vocabulary.idLimit)")
        }
        return Int32(id)
    }

    /// Takes an entry of `added_tokens`.
    mutating func listedToken() throws(JSONError) -> ListedToken {
        let (id, token) = try addedToken()
        guard let id, let token else { throw error("an entry of added_tokens has no content or no id") }
        return ListedToken(id: id, token: token)
    }

    /// Takes `added_tokens_decoder`, an object of tokens by id.
    mutating func listedTokens() throws(JSONError) -> [ListedToken] {
        var tokens: [ListedToken] = []
        try beginObject()
        while let key = try nextKey(first: tokens.isEmpty) {
            guard let id = Int(key), let token = try addedToken().token else {
                throw error("the entry \"\(key)\" of added_tokens_decoder is not a token")
            }
            tokens.append(ListedToken(id: id, token: token))
        }
        return tokens
    }

    /// Takes an added token. What is not said has the default of the library, as in files from before tokenizers 0.9,
    /// which have no `normalized`.
    private mutating func addedToken() throws(JSONError) -> (id: Int?, token: AddedToken?) {
        var token = AddedToken("", isSpecial: false)
        var (id, normalised): (Int?, Bool?) = (nil, nil)
        var hasContent = false
        try beginObject()
        var first = true
        while let key = try nextKey(first: first) {
            first = false
            switch key {
            case "id": id = try number().int
            case "content":
                token.content = try string()
                hasContent = true
            case "single_word": token.singleWord = try bool()
            case "lstrip": token.stripsLeft = try bool()
            case "rstrip": token.stripsRight = try bool()
            case "normalized": normalised = try bool()
            case "special": token.isSpecial = try bool()
            default: try skipValue()
            }
        }
        token.isNormalised = normalised ?? !token.isSpecial
        return (id, hasContent ? token : nil)
    }
}
