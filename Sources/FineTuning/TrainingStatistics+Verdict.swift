import Console

extension TrainingStatistics {
    /// What the curve says about the run and what to try next, in one line; nil if there is nothing to say.
    public var verdict: String? {
        guard let keeping else { return nil }
        return [keeping, overfitting].compactMap { $0 }.joined(separator: "; ")
    }

    /// Whether the validation loss rises while the training loss falls, and since when; nil for a single epoch, which
    /// shows nothing.
    private var overfitting: String? {
        let losses = epochs.compactMap { $0.validation?.loss }
        guard losses.count == epochs.count, losses.count > 1, let lowest = losses.min(),
            let turn = losses.firstIndex(of: lowest)
        else { return nil }
        guard turn + 1 < losses.count, epochs[losses.count - 1].trainingLoss < epochs[turn].trainingLoss else {
            return "it does not overfit: the validation loss still fell in the last epoch"
        }
        return "it overfits since epoch \(turn + 2): the validation loss was lowest after epoch \(turn + 1)"
    }

    private var keeping: String? {
        guard let best = bestEpoch, let last = epochs.last?.validation, let kept = epochs[best - 1].validation else {
            return nil
        }
        let result = "exact match \(Figures.fixed(kept.exactMatch, 2)), F1 \(Figures.fixed(kept.f1, 2))"
        if best < epochs.count {
            let drop = Figures.fixed(kept.f1 - last.f1, 2)
            return
                "epoch \(best) was the best (\(result)) and is the model that was kept; by epoch \(epochs.count) F1 "
                + "had fallen by \(drop): fewer epochs or a lower learning rate may help"
        }
        if epochs.count > 1, let before = epochs[epochs.count - 2].validation {
            let gain = kept.f1 - before.f1
            // Half a point an epoch is well above what another seed changes on a usual validation set.
            let advice =
                gain > 0.5 ? "F1 still rose by \(Figures.fixed(gain, 2)): more epochs may help" : "F1 has levelled off"
            return "the last epoch was the best (\(result)); \(advice)"
        }
        return "the model that was kept: \(result)"
    }
}
