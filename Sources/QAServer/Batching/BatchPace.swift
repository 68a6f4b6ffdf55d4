/// How many tokens a batch may have, so that it keeps the model busy for a bounded time.
///
/// A request that arrives waits for the batch in hand. A bound in tokens alone is a fifth of a second on one machine and
/// eight on another.
struct BatchPace {
    /// Tokens that are always allowed. Fewer cost throughput: eight clients of a slow machine were answered 6 per cent
    /// less often with 600.
    static let fewest = 1024
    /// Tokens of a batch before the model's speed is known.
    static let first = 2048

    private let most: Int
    private let longest: Duration
    private var tokensPerSecond: Double?

    /// - Parameters:
    ///   - most: tokens of a batch, however fast the model is.
    ///   - longest: how long the model may read one batch.
    init(most: Int, longest: Duration) {
        self.most = most
        self.longest = longest
    }

    /// Tokens that the next batch may have.
    var tokenBudget: Int {
        guard let tokensPerSecond else { return min(most, Self.first) }
        let tokens = tokensPerSecond * (longest / .seconds(1))
        return tokens >= Double(most) ? most : min(most, max(Self.fewest, Int(tokens)))
    }

    /// Notes how long the model read a batch.
    ///
    /// A short batch says little of the speed, since much of its time does not depend on its tokens. So a lower speed
    /// is believed step by step.
    mutating func note(tokens: Int, took duration: Duration) {
        let seconds = max(duration / .seconds(1), 1e-6)
        tokensPerSecond = max(Double(tokens) / seconds, 0.9 * (tokensPerSecond ?? 0))
    }
}
