/// Counts work and time, without the first steps, in which caches and memory pools fill.
public struct Throughput: Sendable {
    private var skipped: Int
    /// Steps counted.
    public private(set) var steps = 0
    /// Rows counted.
    public private(set) var examples = 0
    /// Tokens counted.
    public private(set) var tokens = 0
    /// Seconds counted.
    public private(set) var seconds = 0.0
    /// Seconds of these that were spent waiting for other processes.
    public private(set) var waiting = 0.0

    /// A counter that leaves out the first `skip` steps.
    public init(skip: Int = 2) {
        skipped = skip
    }

    /// Counts steps that were measured together.
    public mutating func add(steps: Int = 1, examples: Int, tokens: Int, seconds: Double, waiting: Double = 0) {
        if skipped > 0 {
            skipped -= steps
            return
        }
        self.steps += steps
        self.examples += examples
        self.tokens += tokens
        self.seconds += seconds
        self.waiting += waiting
    }

    /// Rows a second; 0 before anything was counted.
    public var examplesPerSecond: Double { seconds > 0 ? Double(examples) / seconds : 0 }
    /// The share of the time that was spent waiting for other processes.
    public var waitingShare: Double { seconds > 0 ? waiting / seconds : 0 }
    /// Tokens a second; 0 before anything was counted.
    public var tokensPerSecond: Double { seconds > 0 ? Double(tokens) / seconds : 0 }
}
