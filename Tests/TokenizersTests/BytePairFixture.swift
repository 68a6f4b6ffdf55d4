import StrictJSON
import Tokenizers

/// A model of byte-pair.json: its options, its tokens in the order of their ids, and its merges. One that names another
/// as its base differs from it in what it has.
struct BytePairFixture: Decodable {
    /// What stands around the model in a `tokenizer.json`; nil for a model of characters.
    struct ByteLevel {
        let addsPrefixSpace: Bool
        let trims: Bool
        let splits: Bool
    }

    let base: String?
    let vocab: [String]?
    let merges: [String]?
    let unkToken: String?
    let continuingSubwordPrefix: String?
    let endOfWordSuffix: String?
    let fuseUnk: Bool?
    let byteFallback: Bool?
    let ignoreMerges: Bool?

    /// The tokenizer of a model, without added tokens.
    static func tokenizer(
        _ models: [String: BytePairFixture], _ name: String, _ byteLevel: ByteLevel?
    ) throws -> Tokenizer {
        guard let model = models[name] else { throw TokenizerError(.missing, name) }
        let folder = try TemporaryFolder()
        let section = model.section(model.base.flatMap { models[$0] })
        try folder.write(file(section, byteLevel).serialized(), to: "tokenizer.json")
        return try Tokenizer(directory: folder.path)
    }

    private func section(_ base: BytePairFixture?) -> JSONValue {
        let tokens = vocab ?? base?.vocab ?? []
        return .object(
            JSONObject([
                ("type", "BPE"), ("unk_token", unkToken.map(JSONValue.string) ?? .null),
                ("continuing_subword_prefix", continuingSubwordPrefix.map(JSONValue.string) ?? .null),
                ("end_of_word_suffix", endOfWordSuffix.map(JSONValue.string) ?? .null),
                ("fuse_unk", .bool(fuseUnk ?? false)), ("byte_fallback", .bool(byteFallback ?? false)),
                ("ignore_merges", .bool(ignoreMerges ?? false)),
                ("vocab", .object(JSONObject(tokens.enumerated().map { ($0.element, .int($0.offset)) }))),
                ("merges", .array((merges ?? base?.merges ?? []).map { .string($0) })),
            ]))
    }

    /// A `tokenizer.json` with a model.
    static func file(_ model: JSONValue, _ byteLevel: ByteLevel?) -> JSONValue {
        let prefix = JSONValue.bool(byteLevel?.addsPrefixSpace ?? false)
        return [
            "added_tokens": [], "normalizer": nil, "model": model,
            "pre_tokenizer": byteLevel.map {
                ["type": "ByteLevel", "add_prefix_space": prefix, "use_regex": .bool($0.splits)]
            } ?? .null,
            "post_processor": [
                "type": "RobertaProcessing", "cls": ["<s>", 0], "sep": ["</s>", 2], "add_prefix_space": prefix,
                "trim_offsets": .bool(byteLevel?.trims ?? false),
            ], "decoder": byteLevel == nil ? .null : ["type": "ByteLevel"],
        ]
    }
}
