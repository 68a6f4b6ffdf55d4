import StrictJSON
import Tokenizers

/// A model of byte-pair.json: its options, its tokens in the order of their ids, and its merges. One that names another
/// as its base differs from it in what it has.
struct BytePairFixture: Decodable {
    let base: String?
    let vocab: [String]?
    let merges: [String]?
    let unkToken: String?
    let continuingSubwordPrefix: String?
    let endOfWordSuffix: String?
    let fuseUnk: Bool?
    let byteFallback: Bool?
    let ignoreMerges: Bool?

    private var options: BytePairOptions {
        BytePairOptions(
            unknown: unkToken, continuingPrefix: continuingSubwordPrefix ?? "", wordSuffix: endOfWordSuffix ?? "",
            fusesUnknown: fuseUnk ?? false, fallsBackToBytes: byteFallback ?? false,
            ignoresMerges: ignoreMerges ?? false)
    }

    /// The tokenizer of a model, without added tokens.
    static func tokenizer(
        _ models: [String: BytePairFixture], _ name: String, _ byteLevel: ByteLevelSettings?, trims: Bool
    ) throws -> Tokenizer {
        guard let model = models[name] else { throw TokenizerError(.missing, name) }
        let base = model.base.flatMap { models[$0] }
        let vocabulary = try Vocabulary(model.vocab ?? base?.vocab ?? [])
        var merges = PieceStorage()
        for merge in model.merges ?? base?.merges ?? [] where !merges.append(merge: merge.utf8) {
            throw TokenizerError(.malformed, merge)
        }
        return try Tokenizer(
            vocabulary: vocabulary, merges: merges, options: model.options, byteLevel: byteLevel, trimsOffsets: trims)
    }
}
