import Files
import StrictJSON

/// The contents of a `tokenizer.json`, as far as BertQA needs them.
///
/// Its `truncation` and `padding` sections are skipped: they hold what the last user of the file happened to ask for
/// (all-MiniLM's pads everything to 128 tokens), while here each call says how long its rows are.
struct TokenizerFile {
    let path: String
    private(set) var addedTokens: [ListedToken] = []
    private(set) var normaliser: JSONValue?
    private(set) var preTokeniser: JSONValue?
    private(set) var postProcessor: JSONValue?
    /// The model's `type`; nil in files from before tokenizers 0.9, which have none.
    private var modelType: String?
    private var modelKeys: Set<String> = []
    private var hasVocabularyObject = false
    private(set) var unknown = "[UNK]"
    private(set) var continuationPrefix = "##"
    private(set) var maximumWordScalars = 100
    /// The model's tokens in the order of the file, and their ids.
    private(set) var pieces = PieceStorage()
    private(set) var ids: [Int32] = []

    /// Reads the file; `nil` if it is not there.
    init?(path: String) throws(TokenizerError) {
        self.path = path
        guard let file = try ModelFiles.mapIfPresent(path) else { return nil }
        do {
            var reader = JSONReader(file.bytes)
            defer { withExtendedLifetime(file) {} }
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

    /// The name of the file that a current transformers reads of several: the last version that is not newer than 5.23.
    ///
    /// - Parameter names: `fast_tokenizer_files` of `tokenizer_config.json`: names like `tokenizer.4.0.0.json`.
    /// - Source: `get_fast_tokenizer_file` of transformers 5.23 (`src/transformers/tokenization_utils_base.py`).
    static func current(_ names: JSONValue) -> String {
        var best: (version: [Int], name: String) = ([], "tokenizer.json")
        for name in (names.array ?? []).compactMap(\.string)
        where name.hasPrefix("tokenizer.") && name.hasSuffix(".json") {
            let numbers = name.dropFirst("tokenizer.".count).dropLast(".json".count).split(separator: ".").map {
                Int($0)
            }
            guard !numbers.isEmpty, !numbers.contains(nil) else { continue }
            let version = numbers.compactMap(\.self)
            let isKnown = !([5, 23] as [Int]).lexicographicallyPrecedes(version) || version.starts(with: [5, 23, 0])
            if isKnown && best.version.lexicographicallyPrecedes(version) { best = (version, name) }
        }
        return best.name
    }

    private mutating func read(_ reader: inout JSONReader) throws(JSONError) {
        try reader.beginObject()
        var first = true
        while let key = try reader.nextKey(first: first) {
            first = false
            switch key {
            case "added_tokens": try readAddedTokens(&reader)
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
            case "type": modelType = try reader.string(or: nil)
            case "unk_token": unknown = try reader.string(or: unknown) ?? unknown
            case "continuing_subword_prefix":
                continuationPrefix = try reader.string(or: continuationPrefix) ?? continuationPrefix
            case "max_input_chars_per_word": try readMaximumWordScalars(&reader)
            case "vocab" where try reader.peek() == .object:
                hasVocabularyObject = true
                try readVocabulary(&reader)
            default: try reader.skipValue()
            }
        }
    }

    private mutating func readMaximumWordScalars(_ reader: inout JSONReader) throws(JSONError) {
        guard let count = try reader.number().int, count >= 0 else {
            throw reader.error("max_input_chars_per_word must be a whole number that is not negative")
        }
        maximumWordScalars = count
    }

    /// Reads the tokens without a tree: it would take longer than everything else together.
    private mutating func readVocabulary(_ reader: inout JSONReader) throws(JSONError) {
        try reader.beginObject()
        var first = true
        while let token = try reader.nextKey(first: first) {
            first = false
            pieces.append(token.utf8)
            ids.append(try reader.tokenID(of: token))
        }
    }

    private mutating func readAddedTokens(_ reader: inout JSONReader) throws(JSONError) {
        if try reader.peek() == .null { return try reader.null() }
        try reader.beginArray()
        while try reader.nextElement(first: addedTokens.isEmpty) { addedTokens.append(try reader.listedToken()) }
    }
}
