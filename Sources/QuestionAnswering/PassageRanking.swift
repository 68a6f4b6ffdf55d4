import BERT
import Console
import Files
import Foundation
import StrictJSON

/// How well a search found that a passage fits a question.
package struct PassageFit: Sendable, Hashable {
    /// By words: BM25.
    package let bm25: Double
    /// By vectors, from -1 to 1; nil if there are none.
    package let cosine: Double?

    /// What a search found.
    package init(bm25: Double, cosine: Double?) {
        (self.bm25, self.cosine) = (bm25, cosine)
    }
}

/// A model's reading of one passage for a question.
package struct PassageEvidence: Sendable, Hashable {
    /// The best answer.
    package let text: String
    /// The logits of its first and last token.
    package let logit: Double
    /// The logits of "no answer", the lowest of the passage's windows.
    package let nothing: Double

    /// What was read.
    package init(text: String, logit: Double, nothing: Double) {
        (self.text, self.logit, self.nothing) = (text, logit, nothing)
    }
}

/// The weights by which the answers of several passages compete, all in logits of the model.
///
/// An answer of a passage is ranked by the logits of its first and last token, plus the passage's bonus.
package struct PassageRanking: Sendable, Hashable {
    /// Logits for a point of BM25.
    package var bm25: Double
    /// Logits for a cosine of 1.
    package var cosine: Double
    /// The share of the "no answer" logits that is subtracted.
    package var noAnswer: Double

    /// The default for models that store no ranking (docs/lab/retrieval.md has where it comes from).
    package static let standard = PassageRanking(bm25: 0.55, cosine: 10, noAnswer: 0.25)

    /// Weights of the parts.
    package init(bm25: Double, cosine: Double, noAnswer: Double) {
        (self.bm25, self.cosine, self.noAnswer) = (bm25, cosine, noAnswer)
    }

    /// The bonus that is added to the logits of a passage's answers.
    ///
    /// - Parameter nothing: the logits of "no answer" in the passage, the lowest of its windows.
    package func bonus(_ fit: PassageFit, nothing: Double) -> Double {
        bm25 * fit.bm25 + cosine * (fit.cosine ?? 0) - noAnswer * nothing
    }
}

extension PassageRanking: CustomStringConvertible {
    /// The key of `config.json`; its value is an object of the three weights.
    private static let key = "passage_ranking"

    /// The ranking that a model stores; nil if it stores none.
    ///
    /// - Throws: `ReaderError.mismatch` for an invalid ranking.
    package init?(_ config: EncoderConfig, path: String) throws(ReaderError) {
        guard let value = config.otherMembers[Self.key] else { return nil }
        guard let bm25 = value["bm25"]?.double, let cosine = value["cosine"]?.double,
            let noAnswer = value["no_answer"]?.double, [bm25, cosine, noAnswer].allSatisfy({ abs($0) <= 1000 })
        else {
            throw .mismatch(
                "\(path)/config.json: '\(Self.key)' must have the numbers bm25, cosine and no_answer, each from -1000 "
                    + "to 1000; correct it, or remove it for the defaults")
        }
        self.init(bm25: bm25, cosine: cosine, noAnswer: noAnswer)
    }

    /// Writes the weights into the `config.json` of a model's folder, which appears whole or not at all.
    ///
    /// - Throws: `CheckpointError` or `FileError` that names the file.
    package func store(in directory: String) throws {
        var config = try EncoderConfig(directory: directory)
        let others = config.otherMembers.filter { $0.0 != Self.key }
        config.otherMembers = JSONObject(others + [(Self.key, json)])
        // In the cache of a hub the file is a link to what others share.
        try DurableFiles.write(
            config.json().serialized(pretty: true) + "\n", to: "\(directory)/config.json", replacesLink: true)
    }

    /// The weights as they follow the model's own logits in a formula, such as `+ 0.55 BM25 + 10.0 cosine - 0.25 no
    /// answer`.
    package var description: String {
        "+ \(Figures.fixed(bm25, 2)) BM25 + \(Figures.fixed(cosine, 1)) cosine "
            + "- \(Figures.fixed(noAnswer, 2)) no answer"
    }

    /// The weights as an object.
    package var json: JSONValue {
        .object(
            JSONObject([("bm25", .double(bm25)), ("cosine", .double(cosine)), ("no_answer", .double(noAnswer))]))
    }
}
