import StrictJSON

/// The contents of a `tokenizer.json`, as far as BertQA needs them.
///
/// Its `truncation` and `padding` sections are passed over: they hold what the last user of the file happened to ask for
/// (all-MiniLM's pads everything to 128 tokens), while here each call says how long its rows are.
struct TokenizerFile {
    var path: String
    var addedTokens: JSONValue?
    var normaliser: JSONValue?
    var preTokeniser: JSONValue?
    var postProcessor: JSONValue?
    /// The model's `type`; nil in files from before tokenizers 0.9, which have none.
    var modelType: String?
    private var modelKeys: Set<String> = []
    private var hasVocabularyObject = false
    var unknown = "[UNK]"
    var continuationPrefix = "##"
    var maximumWordScalars = 100
    var tokens: [(token: String, id: Int)] = []

    init(path: String) throws(TokenizerError) {
        self.path = path
        let file = try ModelFiles.map(path)
        do {
            var reader = JSONReader(file.bytes)
            try read(&reader)
            try reader.end()
        } catch {
            throw TokenizerError(.malformed, "\(path): \(error)")
        }
        guard (modelType ?? impliedModelType) == "WordPiece" else {
            let kind = (modelType ?? impliedModelType).map { "a \($0) model" } ?? "no model of a known type"
            throw TokenizerError(.unsupported, "\(path): this tokenizer.json holds \(kind); BertQA needs WordPiece")
        }
    }

    /// The type of a model section without a `type`, by its keys, as the tokenizers library reads such files.
    ///
    /// - Source: `ModelUntagged` of tokenizers 0.23.1 (`tokenizers/src/models/mod.rs`): the first of BPE, WordPiece,
    ///   WordLevel and Unigram whose keys are all there.
    private var impliedModelType: String? {
        if modelKeys.isSuperset(of: ["vocab", "merges"]) { return "BPE" }
        let ofWordPiece: Set = ["unk_token", "continuing_subword_prefix", "max_input_chars_per_word"]
        if hasVocabularyObject { return modelKeys.isSuperset(of: ofWordPiece) ? "WordPiece" : "WordLevel" }
        return modelKeys.contains("vocab") ? "Unigram" : nil
    }

    private mutating func read(_ reader: inout JSONReader) throws(JSONError) {
        try reader.beginObject()
        var first = true
        while let key = try reader.nextKey(first: first) {
            first = false
            switch key {
            case "added_tokens": addedTokens = try reader.value()
            case "normalizer": normaliser = try reader.value()
            case "pre_tokenizer": preTokeniser = try reader.value()
            case "post_processor": postProcessor = try reader.value()
            case "model": try readModel(&reader)
            default: try reader.skipValue()
            }
        }
    }

    private mutating func readModel(_ reader: inout JSONReader) throws(JSONError) {
        try reader.beginObject()
        var first = true
        while let key = try reader.nextKey(first: first) {
            first = false
            modelKeys.insert(key)
            switch key {
            case "type": modelType = try reader.value().string
            case "unk_token": unknown = try reader.value().string ?? unknown
            case "continuing_subword_prefix": continuationPrefix = try reader.value().string ?? continuationPrefix
            case "max_input_chars_per_word": maximumWordScalars = try reader.value().int ?? maximumWordScalars
            case "vocab" where try reader.peek() == .object:
                hasVocabularyObject = true
                try readVocabulary(&reader)
            default: try reader.skipValue()
            }
        }
    }

    /// Reads the tokens without a tree: it would take longer than everything else together.
    private mutating func readVocabulary(_ reader: inout JSONReader) throws(JSONError) {
        try reader.beginObject()
        while let token = try reader.nextKey(first: tokens.isEmpty) {
            guard let id = try reader.number().int else {
                throw reader.error("the id of \"\(token)\" is not a whole number")
            }
            tokens.append((token, id))
        }
    }

    /// The tokens in the order of their ids, which must be 0, 1, 2 and so on.
    func orderedTokens() throws(TokenizerError) -> PieceStorage {
        var owner = [Int](repeating: -1, count: tokens.count)
        for (index, (token, id)) in tokens.enumerated() {
            guard owner.indices.contains(id) else {
                throw TokenizerError(
                    .vocabulary,
                    "\(path): the token \"\(token)\" has id \(id), but \(tokens.count) tokens have the ids 0 to "
                        + "\(tokens.count - 1)")
            }
            guard owner[id] < 0 else {
                throw TokenizerError(
                    .vocabulary,
                    "\(path): the tokens \"\(tokens[owner[id]].token)\" and \"\(token)\" both have id \(id)")
            }
            owner[id] = index
        }
        var pieces = PieceStorage()
        for index in owner { pieces.append(tokens[index].token.utf8) }
        return pieces
    }
}
