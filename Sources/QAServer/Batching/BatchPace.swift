/// How many tokens of heavy requests a batch may have, so that they keep the model busy for a bounded time.
///
/// A request that arrives waits for the batch in hand. A bound in tokens alone is a fifth of a second on one machine
/// and eight on another.
struct BatchPace {
    /// Tokens that are always allowed: fewer cost throughput.
    static let fewest = 512
    /// Tokens before the model's speed is known.
    static let first = 2048

    private let most: Int
    private let longest: Duration
    private var tokensPerSecond: Double?

    /// - Parameters:
    ///   - most: how many, however fast the model is.
    ///   - longest: how long the model may read them.
    init(most: Int, longest: Duration) {
        self.most = most
        self.longest = longest
    }

    /// Tokens of heavy requests that the next batch may have.
    var heavyTokens: Int {
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
