import Files
import StrictJSON
import SwiftProtobuf

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A `sentencepiece.bpe.model` or `spiece.model`, and what transformers makes of it.
///
/// Only the pieces, their scores and the replacements of the normaliser count. What else the file says about texts (a
/// space in front, white space removed) has no effect: transformers splits at white space and puts a space before each
/// word instead.
///
/// - Source: `SentencePieceExtractor`, `XLMRobertaConverter.convert_from_spm` and `CamembertConverter.convert_from_spm`
///   of transformers 5.23 (`src/transformers/convert_slow_tokenizer.py`).
struct SentencePieceModel {
    private let path: String
    private let model: SentencePieceModelFile

    /// Reads the file; `nil` if it is not there.
    ///
    /// - Throws: `TokenizerError` that names the file.
    init?(path: String) throws(TokenizerError) {
        guard let file = try ModelFiles.mapIfPresent(path) else { return nil }
        self.path = path
        do {
            model = try file.withBytes { try SentencePieceModelFile(serializedBytes: Array($0)) }
        } catch {
            throw TokenizerError(.malformed, "\(path): this is not a sentencepiece model: \(error)")
        }
        guard !model.pieces.isEmpty else {
            throw TokenizerError(.malformed, "\(path): this is not a sentencepiece model: it holds no pieces")
        }
        guard model.trainer.algorithm == .unigram else {
            let algorithm = "\(model.trainer.algorithm)".uppercased()
            throw TokenizerError(
                .unsupported, "\(path): this is a sentencepiece model of type \(algorithm); BertQA reads UNIGRAM models"
            )
        }
    }

    /// The pieces of XLM-RoBERTa: fairseq's four special tokens, the file's from the fourth on, the mask.
    func xlmRoberta(
        bos: String, pad: String, eos: String, unk: String, mask: String
    ) throws(TokenizerError) -> UnigramParts {
        try parts([(bos, 0), (pad, 0), (eos, 0), (unk, 0)], dropping: 3, mask)
    }

    /// The pieces of CamemBERT: fairseq's special tokens, the file's from the second on, the mask.
    func camembert(pad: String, unk: String, mask: String) throws(TokenizerError) -> UnigramParts {
        let first = [("<s>NOTUSED", 0.0), (pad, 0), ("</s>NOTUSED", 0), (unk, 0), ("<unk>NOTUSED", -100)]
        return try parts(first, dropping: 1, mask)
    }

    private func parts(
        _ first: [(spelling: String, score: Double)], dropping dropped: Int, _ mask: String
    ) throws(TokenizerError) -> UnigramParts {
        var parts = UnigramParts(unknown: 3)
        for (spelling, score) in first { parts.append(spelling, score) }
        for piece in model.pieces.dropFirst(dropped) { parts.append(piece.spelling, Double(piece.score)) }
        parts.append(mask, 0)
        parts.charsmap = model.normalizer.precompiledCharsmap
        for piece in model.pieces where piece.kind == .control || piece.kind == .userDefined {
            parts.addedTokens.append(AddedToken(piece.spelling, isSpecial: piece.kind == .control))
        }
        return parts
    }
}

/// What a Unigram tokenizer is made of.
struct UnigramParts {
    /// The pieces in the order of their ids, from 0.
    private(set) var pieces = PieceStorage()
    /// The score of each piece.
    private(set) var scores: [Double] = []
    /// The id of what no piece spells.
    var unknown: Int
    /// Whether unknown characters become the pieces of their bytes.
    var byteFallback = false
    /// The replacements of the normaliser, as the file has them; empty if there are none.
    var charsmap = Data()
    /// The tokens that are found in texts as a whole.
    var addedTokens: [AddedToken] = []

    init(unknown: Int) { self.unknown = unknown }

    /// The `normalizer` section of a `tokenizer.json`.
    var normaliser: JSONValue? {
        charsmap.isEmpty
            ? nil : ["type": "Precompiled", "precompiled_charsmap": .string(charsmap.base64EncodedString())]
    }

    mutating func append(_ piece: String, _ score: Double) {
        pieces.append(piece.utf8)
        scores.append(score)
    }
}
