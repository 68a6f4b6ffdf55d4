import BERT

/// The rows of one pass through the model, as its memory depends on them.
package struct PlannedBatch: Sendable, Hashable {
    /// Tokens of all rows, the filler not among them.
    package let tokens: Int
    /// Tokens of the longest row.
    package let longest: Int
    /// The sum over rows of the square of their tokens: what attention without the kernel keeps.
    package let squares: Int
    /// How many different numbers of tokens the batches of the run have, this one among them.
    package internal(set) var shapes = 1

    /// A batch of rows of these lengths.
    package init(lengths: some Sequence<Int>) {
        var (tokens, longest, squares) = (0, 0, 0)
        for length in lengths {
            tokens += length
            longest = max(longest, length)
            squares += length * length
        }
        (self.tokens, self.longest, self.squares) = (tokens, longest, squares)
    }

    /// Tokens with the filler that `EncoderInput` puts at the end.
    var filledTokens: Int { tokens + EncoderInput.filler(tokens) }
}

/// The rows that a run will see, in the order in which it will see them.
package struct PlannedRows: Sendable {
    /// Tokens of each row in the order of each epoch; empty if no data was given.
    private let epochs: [[Int]]
    /// Tokens of a row where no data was given.
    private let maxLength: Int

    /// Rows of `maxLength` tokens, as many as are asked for.
    package init(maxLength: Int) {
        epochs = []
        self.maxLength = maxLength
    }

    /// The rows of a dataset.
    ///
    /// - Parameter epochs: the tokens of each row, in the order of each epoch.
    package init(epochs: [[Int]]) {
        maxLength = epochs.first?.max() ?? 0
        self.epochs = epochs
    }

    /// The number of rows of an epoch; nil if no data was given.
    package var count: Int? { epochs.first?.count }
    /// The tokens of an epoch; nil if no data was given.
    package var tokens: Int? { epochs.first?.reduce(0, +) }
    /// Tokens of the longest row.
    package var longest: Int { maxLength }

    /// What a pass that takes rows as long as they stay within so many tokens has at most; see `BatchPlan.byTokens`.
    package func fullPass(of tokens: Int) -> PlannedBatch {
        var largest = PlannedBatch(lengths: repeatElement(maxLength, count: max(1, tokens / max(1, maxLength))))
        guard let lengths = epochs.first else { return largest }
        largest = PlannedBatch(lengths: [])
        var shapes: Set<Int> = []
        var start = 0
        while start < lengths.count {
            var (end, sum) = (start, 0)
            while end < lengths.count, end == start || sum + lengths[end] <= tokens {
                sum += lengths[end]
                end += 1
            }
            let pass = PlannedBatch(lengths: lengths[start..<end])
            shapes.insert(pass.filledTokens)
            if pass.tokens > largest.tokens { largest = pass }
            start = end
        }
        largest.shapes = max(1, shapes.count)
        return largest
    }

    /// The batch with the most tokens among all batches of so many rows: it decides the peak.
    package func largestBatch(of size: Int) -> PlannedBatch {
        guard !epochs.isEmpty else { return PlannedBatch(lengths: repeatElement(maxLength, count: size)) }
        var largest = PlannedBatch(lengths: [])
        var shapes: Set<Int> = []
        for lengths in epochs {
            for start in stride(from: 0, to: lengths.count, by: size) {
                let batch = PlannedBatch(lengths: lengths[start..<min(start + size, lengths.count)])
                shapes.insert(batch.filledTokens)
                // Of two with as many tokens the one with the longer rows takes more.
                if (batch.tokens, batch.squares) > (largest.tokens, largest.squares) { largest = batch }
            }
        }
        largest.shapes = max(1, shapes.count)
        return largest
    }
}
