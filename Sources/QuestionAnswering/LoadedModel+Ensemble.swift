import BERT

/// Several models that answer together: the probabilities of each token are the means of theirs.
extension LoadedModel {
    /// Adds a model that answers together with this one.
    ///
    /// - Parameter names: the names of this model and the other, for the message.
    /// - Throws: `ReaderError.mismatch` if it has another tokenizer, since its tokens are then other places of a text.
    package mutating func join(_ other: LoadedModel, names: (String, String)) throws(ReaderError) {
        if let difference = tokenizer.difference(from: other.tokenizer) {
            throw .mismatch(
                "\(names.0) and \(names.1) have different tokenizers; models that answer together need the same: "
                    + difference)
        }
        partners.append(other)
    }

    /// This model and its partners.
    package var members: [LoadedModel] { [self] + partners }

    /// The most tokens that all of them read in a row.
    package var longestRow: Int { members.map(\.model.config.longestRow).min() ?? 0 }

    /// How scores are computed. The calibration of one model does not apply to several together.
    package var scoring: Scoring { partners.isEmpty ? Scoring(model.config) : .tokenProbabilities }

    /// Whether scores are probabilities that answers are right.
    package var isCalibrated: Bool { scoring.calibration != nil }

    /// The threshold of one model; for several, the mean of their thresholds from before calibration, nil unless all
    /// have one.
    package var noAnswerThreshold: Double? {
        if partners.isEmpty { return model.config.noAnswerThreshold }
        let thresholds = members.compactMap(\.model.config.rawNoAnswerThreshold)
        return thresholds.count == members.count ? thresholds.reduce(0, +) / Double(thresholds.count) : nil
    }

    /// The number of all their parameters.
    package var parameterCount: Int { members.reduce(0) { $0 + $1.model.parameters.elementCount } }

    /// The bytes that their weights take up.
    package var weightBytes: Int {
        members.reduce(0) { sum, member in
            sum + member.model.parameters.all.reduce(0) { $0 + $1.tensor.count * $1.tensor.dtype.byteCount }
        }
    }
}
