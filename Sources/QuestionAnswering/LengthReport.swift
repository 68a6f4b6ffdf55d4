import BERT
import Tokenizers

/// What each maximum length would cut from a dataset, and what it would cost.
package struct LengthReport: Sendable {
    /// One candidate for `--max-length`.
    package struct Choice: Sendable, Hashable {
        /// The candidate.
        package let maxLength: Int
        /// Questions whose row would be cut.
        package internal(set) var cut = 0
        /// Questions with an answer that would not be whole in the row.
        package internal(set) var answersLost = 0
        /// Tokens of all rows if their ends are cut off.
        package internal(set) var tokens = 0
        /// Rows if long texts are read in windows.
        package internal(set) var windowRows = 0
        /// Tokens of all windows.
        package internal(set) var windowTokens = 0
        /// The arithmetic of one pass over the cut rows, as a share of that over whole rows.
        package internal(set) var cost = 0.0
        /// The arithmetic of one pass over all windows, as a share of that over whole rows.
        package internal(set) var windowCost = 0.0
    }

    /// Tokens of each question's uncut row, special tokens included, in ascending order.
    package let lengths: [Int]
    /// The candidates in ascending order.
    package let choices: [Choice]

    /// Tokenises a dataset and evaluates each candidate; `LengthCounter` takes a dataset in parts.
    ///
    /// - Parameters:
    ///   - maxLengths: each at least 8; they may exceed the model's positions.
    ///   - config: the model whose arithmetic is counted.
    package init(_ examples: [Example], tokenizer: Tokenizer, config: EncoderConfig, maxLengths: [Int]) {
        var counter = LengthCounter(tokenizer: tokenizer, config: config, maxLengths: maxLengths)
        counter.add(examples)
        self = counter.report
    }

    fileprivate init(lengths: [Int], choices: [Choice]) {
        (self.lengths, self.choices) = (lengths, choices)
    }

    /// The length that the given share of the rows does not exceed, by the nearest rank; 0 without rows.
    package func percentile(_ share: Double) -> Int {
        guard !lengths.isEmpty else { return 0 }
        let rank = Int((share * Double(lengths.count)).rounded(.up))
        return lengths[min(max(rank, 1), lengths.count) - 1]
    }
}

/// Makes a `LengthReport` of a dataset that comes in parts, and keeps only the rows' lengths.
package struct LengthCounter {
    private let whole: FeatureBuilder
    private let arithmetic: Arithmetic
    private var lengths: [Int] = []
    private var choices: [LengthReport.Choice]
    private var total = 0.0

    /// An empty counter; the parameters are those of `LengthReport`.
    package init(tokenizer: Tokenizer, config: EncoderConfig, maxLengths: [Int]) {
        whole = FeatureBuilder(tokenizer: tokenizer, options: FeatureOptions(maxLength: .max, truncation: .end))
        arithmetic = Arithmetic(config)
        choices = Set(maxLengths).sorted().map { LengthReport.Choice(maxLength: $0) }
    }

    /// Tokenises examples and counts their rows.
    package mutating func add(_ examples: [Example]) {
        for row in whole.build(examples, labelled: true).features {
            let ends = whole.lastAnswerEnd(of: examples[row.example], in: row)
            lengths.append(row.length)
            total += arithmetic.row(row.length)
            for index in choices.indices { choices[index].add(row, ends: ends, arithmetic) }
        }
    }

    /// The report on what was counted so far.
    package var report: LengthReport {
        let shares = choices.map { choice in
            var choice = choice
            choice.cost /= max(total, 1)
            choice.windowCost /= max(total, 1)
            return choice
        }
        return LengthReport(lengths: lengths.sorted(), choices: shares)
    }
}

/// Counts the multiplications of an encoder.
private struct Arithmetic {
    /// For a token by itself, and for a pair of tokens that attend to each other.
    private let token: Double
    private let pair: Double

    init(_ config: EncoderConfig) {
        let (wide, inner) = (Double(config.hiddenSize), Double(config.intermediateSize))
        token = Double(config.layerCount) * (4 * wide * wide + 2 * wide * inner)
        pair = Double(config.layerCount) * 2 * wide
    }

    func row(_ length: Int) -> Double { Double(length) * (token + pair * Double(length)) }
}

extension LengthReport.Choice {
    fileprivate mutating func add(_ row: Feature, ends: Int?, _ arithmetic: Arithmetic) {
        let kept = min(row.length, maxLength)
        tokens += kept
        cost += arithmetic.row(kept)
        if row.length > maxLength {
            cut += 1
            // The row's last places are the separator's.
            if let ends, ends >= maxLength - row.layout.tail { answersLost += 1 }
        }
        let windows = FeatureOptions(maxLength: maxLength).cut(
            question: row.question.count, text: row.window.count, specials: row.layout.count)
        for window in windows.windows {
            let length = row.question.count + window.count + row.layout.count
            windowRows += 1
            windowTokens += length
            windowCost += arithmetic.row(length)
        }
    }
}

extension FeatureBuilder {
    /// The position in an uncut row of the last token of any of its answers.
    fileprivate func lastAnswerEnd(of example: Example, in row: Feature) -> Int? {
        let offsets = ScalarOffsets(example.context)
        return example.answers.compactMap { answer in
            answer.utf8Range(offsets).flatMap { SpanLabel.tokens(covering: $0, offsets: row.context.offsets) }
                .map { $0.upperBound + row.contextStart }
        }.max()
    }
}
