import StrictJSON

/// The contents of a `tokenizer_config.json`; everything in it may be missing.
struct TokenizerConfig {
    let path: String
    private let members: JSONObject

    /// `added_tokens_decoder`: tokens by id, where transformers 4.34 and later wrote them; `nil` if it is not there.
    let decoder: [ListedToken]?

    /// Reads the file; a missing one has no settings.
    init(path: String) throws(TokenizerError) {
        self.path = path
        guard let file = try ModelFiles.mapIfPresent(path) else {
            (members, decoder) = (JSONObject([]), nil)
            return
        }
        do {
            var reader = JSONReader(file.bytes)
            defer { withExtendedLifetime(file) {} }
            (members, decoder) = try Self.read(&reader)
            try reader.end()
        } catch {
            throw TokenizerError(.malformed, "\(path): \(error)")
        }
    }

    /// Reads the tokens of `added_tokens_decoder` without a tree: there may be very many.
    private static func read(_ reader: inout JSONReader) throws(JSONError) -> (JSONObject, [ListedToken]?) {
        var members: [(String, JSONValue)] = []
        var decoder: [ListedToken]?
        try reader.beginObject()
        var first = true
        while let key = try reader.nextKey(first: first) {
            first = false
            if key == "added_tokens_decoder" {
                decoder = try reader.listedTokens()
            } else {
                members.append((key, try reader.value()))
            }
        }
        return (JSONObject(members), decoder)
    }

    subscript(key: String) -> JSONValue? { members[key] }

    /// A setting that is true or false, `nil` if it is not there.
    func flag(_ key: String, nullable: Bool = false) throws(TokenizerError) -> Bool? {
        guard let value = members[key], !(nullable && value == .null) else { return nil }
        guard let flag = value.bool else {
            throw TokenizerError(.malformed, "\(path): \(key) must be true or false\(nullable ? " or null" : "")")
        }
        return flag
    }

    /// A setting that is a text, `nil` if it is null or not there.
    func text(_ key: String) throws(TokenizerError) -> String? {
        guard let value = members[key], value != .null else { return nil }
        guard let text = value.string else { throw TokenizerError(.malformed, "\(path): \(key) must be a string") }
        return text
    }

    /// The normaliser that transformers' `BertTokenizer` builds from these settings.
    func normaliser() throws(TokenizerError) -> Normaliser {
        Normaliser(
            spacesChineseCharacters: try flag("tokenize_chinese_chars") ?? true,
            stripsAccents: try flag("strip_accents", nullable: true), lowercases: try flag("do_lower_case") ?? true)
    }

    /// The tokens with roles, and the special tokens without.
    func roles() throws(TokenizerError) -> TokenRoles {
        var roles = TokenRoles()
        try roles.merge(members, path: path)
        return roles
    }
}

/// An added token and the id that its file names.
struct ListedToken {
    let id: Int
    let token: AddedToken
}

/// The tokens with a role (`cls_token` and its like), and special tokens without one.
struct TokenRoles {
    /// The roles that transformers knows, in the order in which it adds their tokens.
    private static let known = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]

    /// By role; an entry that is `nil` was null.
    private var named: [String: AddedToken?] = [:]
    /// Roles that transformers does not know, `image_token` and its like, in the order of the file.
    private var others: [String] = []
    /// Special tokens without a role.
    private(set) var extra: [AddedToken] = []
    /// Whether a file has a list of them, even an empty one.
    private var listsExtra = false
    /// How many of `extra` make a token of `added_tokens.json` special: not those that `special_tokens_map.json` lists
    /// as `additional_special_tokens`, which transformers reads too late for that.
    private var markingCount = 0
    /// The spellings that make a token of `added_tokens.json` special.
    var marking: [AddedToken] { tokens + extra.prefix(markingCount) }

    /// Adds the roles of a file, in place of those that are there.
    mutating func merge(_ members: JSONObject, path: String, isMap: Bool = false) throws(TokenizerError) {
        for (key, value) in members where key.hasSuffix("_token") && !key.hasPrefix("add_") {
            try set(key, value, path: path)
        }
        let extraKey = members["extra_special_tokens"] != nil ? "extra_special_tokens" : "additional_special_tokens"
        if members[extraKey] != nil { listsExtra = true }
        // The older name of the list has no effect beside another list.
        if extraKey == "additional_special_tokens" && !extra.isEmpty { return }
        for (key, value) in members[extraKey]?.object ?? JSONObject([]) { try set(key, value, path: path) }
        for entry in members[extraKey]?.array ?? [] {
            guard let token = AddedToken(role: entry) else {
                throw TokenizerError(.malformed, "\(path): an entry of \(extraKey) is not a token")
            }
            if !extra.contains(where: { $0.content.utf8.elementsEqual(token.content.utf8) }) { extra.append(token) }
        }
        if !isMap || extraKey == "extra_special_tokens" { markingCount = extra.count }
    }

    private mutating func set(_ key: String, _ value: JSONValue, path: String) throws(TokenizerError) {
        let token = AddedToken(role: value)
        guard token != nil || value == .null else {
            throw TokenizerError(
                .malformed, "\(path): \(key) is not a token; expected a string or an object with content")
        }
        if named.updateValue(token, forKey: key) == nil && !Self.known.contains(key) { others.append(key) }
    }

    /// The token of a role; nil if the role is null or not there.
    func token(_ role: String) -> AddedToken? { named[role] ?? nil }

    /// Gives the roles that are not there the tokens of a class.
    mutating func fillIn(_ tokenizerClass: TokenizerClass) {
        for (role, token) in tokenizerClass.roles where named[role] == nil { named[role] = token }
        if !listsExtra { extra = tokenizerClass.extra }
    }

    /// Sets the special tokens without a role to those of a sentencepiece model, unless a file lists some.
    mutating func setExtra(_ tokens: [AddedToken]) { if !listsExtra { extra = tokens } }

    /// All roles' tokens in the order in which transformers adds them.
    var tokens: [AddedToken] { (Self.known + others).compactMap { named[$0] ?? nil } }
}

extension AddedToken {
    /// From the token of a role: its spelling, or an object with the spelling and flags. It is special.
    init?(role entry: JSONValue) {
        if let content = entry.string {
            self.init(content)
        } else {
            guard let content = entry["content"]?.string else { return nil }
            self.init(
                content, singleWord: entry["single_word"]?.bool ?? false, stripsLeft: entry["lstrip"]?.bool ?? false,
                stripsRight: entry["rstrip"]?.bool ?? false, isNormalised: entry["normalized"]?.bool ?? false)
        }
    }
}
