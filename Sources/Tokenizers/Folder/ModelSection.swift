import StrictJSON

/// The `model` section of a `tokenizer.json`, whatever its algorithm, read without a tree: it may hold very much.
struct ModelSection: Sendable {
    /// The algorithms by their names in the file.
    enum Algorithm: String {
        case wordPiece = "WordPiece"
        case bytePair = "BPE"
        case unigram = "Unigram"
    }

    /// The section's `type`; nil in files from before tokenizers 0.9, which have none.
    private var type: String?
    private var keys: Set<String> = []
    private var hasVocabularyObject = false
    /// The model's tokens in the order of the file, and their ids.
    private(set) var pieces = PieceStorage()
    private(set) var ids: [Int32] = []
    /// Unigram: the logarithm of the probability of each of `pieces`.
    private(set) var scores: [Double] = []
    /// BPE: the merges in order, the left piece and the right piece of each: twice as many pieces as merges.
    private(set) var merges = PieceStorage()
    /// The other members: `unk_token`, `dropout`, `byte_fallback` and their like.
    private(set) var settings: [String: JSONValue] = [:]

    /// The token for what the vocabulary cannot spell; nil if there is none.
    var unknown: String? {
        guard let place = settings["unk_id"]?.int else {
            return settings["unk_token"]?.string ?? (algorithmName == Algorithm.wordPiece.rawValue ? "[UNK]" : nil)
        }
        return pieces.indices.contains(place) ? pieces[place] : nil
    }

    /// The name of the algorithm; nil if the section names none and its keys do not tell it.
    var algorithmName: String? { type ?? impliedType }

    /// The type of a section without a `type`, by its keys, as the tokenizers library reads such files.
    ///
    /// - Source: `ModelUntagged` of tokenizers 0.23.1 (`tokenizers/src/models/mod.rs`): the first of BPE, WordPiece,
    ///   WordLevel and Unigram whose keys are all there.
    private var impliedType: String? {
        if keys.isSuperset(of: ["vocab", "merges"]) { return "BPE" }
        let ofWordPiece: Set = ["unk_token", "continuing_subword_prefix", "max_input_chars_per_word"]
        if hasVocabularyObject { return keys.isSuperset(of: ofWordPiece) ? "WordPiece" : "WordLevel" }
        return keys.contains("vocab") ? "Unigram" : nil
    }

    /// A section of the tokens of a `vocab.txt`, a `vocab.json` or a sentencepiece model.
    init(
        _ algorithm: Algorithm, pieces: PieceStorage, ids: [Int32], scores: [Double] = [],
        merges: PieceStorage = PieceStorage()
    ) {
        type = algorithm.rawValue
        (self.pieces, self.ids, self.scores, self.merges) = (pieces, ids, scores, merges)
    }

    /// An empty section.
    init() {}

    /// The same tokens with other settings.
    func replacingSettings(_ algorithm: Algorithm, _ settings: [String: JSONValue]) -> ModelSection {
        var copy = self
        copy.type = algorithm.rawValue
        copy.settings = settings.filter { $0.value != .null }
        return copy
    }

    /// Reads the section.
    mutating func read(_ reader: inout JSONReader) throws(JSONError) {
        try reader.beginObject()
        var first = true
        while let key = try reader.nextKey(first: first) {
            first = false
            keys.insert(key)
            switch key {
            case "type": type = try reader.string(or: nil)
            case "vocab": try readVocabulary(&reader)
            case "merges": try readMerges(&reader)
            default: settings[key] = try reader.value()
            }
        }
    }

    private mutating func readVocabulary(_ reader: inout JSONReader) throws(JSONError) {
        hasVocabularyObject = try reader.peek() == .object
        var first = true
        if hasVocabularyObject {
            try reader.beginObject()
            while let token = try reader.nextKey(first: first) {
                first = false
                pieces.append(token.utf8)
                ids.append(try reader.tokenID(of: token))
            }
        } else {
            try reader.beginArray()
            while try reader.nextElement(first: first) {
                first = false
                try readScored(&reader)
            }
        }
    }

    /// Takes a piece of Unigram: its spelling and its score.
    private mutating func readScored(_ reader: inout JSONReader) throws(JSONError) {
        guard ids.count < Vocabulary.idLimit else { throw reader.error("there are more than \(ids.count) tokens") }
        try reader.beginArray()
        guard try reader.nextElement(first: true) else { throw reader.error("a piece of the vocab is empty") }
        pieces.append(try reader.string().utf8)
        guard try reader.nextElement(first: false) else { throw reader.error("a piece of the vocab has no score") }
        scores.append(try reader.number().double)
        guard try !reader.nextElement(first: false) else {
            throw reader.error("a piece of the vocab has more than a spelling and a score")
        }
        ids.append(Int32(ids.count))
    }

    /// Takes the merges: each is a text with a space between its pieces, or a list of the two.
    private mutating func readMerges(_ reader: inout JSONReader) throws(JSONError) {
        try reader.beginArray()
        var first = true
        while try reader.nextElement(first: first) {
            first = false
            if try reader.peek() == .string {
                let line = try reader.string()
                guard PieceStorage.isVersion(line.utf8) || merges.append(merge: line.utf8) else {
                    throw reader.error("the merge \"\(line)\" is not two pieces with one space between them")
                }
            } else {
                try reader.beginArray()
                for isFirst in [true, false] {
                    guard try reader.nextElement(first: isFirst) else {
                        throw reader.error("a merge has less than two pieces")
                    }
                    merges.append(try reader.string().utf8)
                }
                guard try !reader.nextElement(first: false) else {
                    throw reader.error("a merge has more than two pieces")
                }
            }
        }
    }
}
