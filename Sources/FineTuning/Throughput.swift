/// Counts rows, tokens and time, without the first steps, in which caches and memory pools fill.
package struct Throughput: Sendable {
    /// The number of the next steps to leave out.
    private(set) var stepsToSkip: Int
    /// Steps counted.
    package private(set) var steps = 0
    /// Rows counted.
    package private(set) var examples = 0
    /// Tokens counted.
    package private(set) var tokens = 0
    /// Seconds counted.
    package private(set) var seconds = 0.0
    /// Seconds of these that were spent waiting for other processes.
    package private(set) var waiting = 0.0

    /// A counter that leaves out the first `skip` steps.
    package init(skip: Int = 2) {
        stepsToSkip = skip
    }

    /// Counts steps that were measured together. Their time cannot be divided, so the steps to leave out must be
    /// measured separately: no more than `stepsToSkip` together, while it is above 0.
    package mutating func add(steps: Int = 1, examples: Int, tokens: Int, seconds: Double, waiting: Double = 0) {
        if stepsToSkip > 0 {
            precondition(steps <= stepsToSkip, "steps to leave out were measured together with others")
            stepsToSkip -= steps
            return
        }
        self.steps += steps
        self.examples += examples
        self.tokens += tokens
        self.seconds += seconds
        self.waiting += waiting
    }

    /// Rows a second; 0 before anything was counted.
    package var examplesPerSecond: Double { seconds > 0 ? Double(examples) / seconds : 0 }
    /// The share of the time that was spent waiting for other processes.
    package var waitingShare: Double { seconds > 0 ? waiting / seconds : 0 }
    /// Tokens a second; 0 before anything was counted.
    package var tokensPerSecond: Double { seconds > 0 ? Double(tokens) / seconds : 0 }
}
