import Torch

/// The steps whose loss and norms the device has, or will have once it gets there, and the host has not read.
struct StepLedger {
    /// A step that was handed to the device.
    struct Entry {
        /// The step's number, from 1.
        let step: Int
        /// Its rows.
        let rows: Int
        /// Its learning rate.
        let rate: Double
        /// Its mean loss, float32 [].
        let loss: Tensor
        /// The norms of its gradients before clipping, float32 [1 + parameters]: the joint one, and each parameter's.
        let norms: Tensor
        /// What its loss was multiplied with, float32 []; nil where it was not.
        let scale: Tensor?
    }

    /// The result of a step.
    struct Outcome {
        let step: Int
        let rows: Int
        let rate: Double
        let loss: Double
        /// The gradients' joint norm before clipping.
        let norm: Double
        /// The factor of the loss; nil in other precisions than fp16.
        let scale: Double?
        /// Why the device skipped the step; nil if it did not.
        let fault: NumericFault?
    }

    private(set) var entries: [Entry] = []
    /// Their tokens.
    private(set) var tokens = 0
    /// Seconds of their time that this process waited for others.
    private(set) var waited = 0.0
    private(set) var start = ContinuousClock.now

    var isEmpty: Bool { entries.isEmpty }
    var rows: Int { entries.reduce(0) { $0 + $1.rows } }

    /// Begins to measure the time of the steps that follow.
    mutating func begin() {
        guard isEmpty else { return }
        (start, tokens, waited) = (.now, 0, 0)
    }

    mutating func add(_ entry: Entry, tokens: Int, waited: Double) {
        entries.append(entry)
        self.tokens += tokens
        self.waited += waited
    }

    /// Waits for the device and returns the results of the steps in their order; the ledger is empty then.
    mutating func read(_ slots: [AdamW.Slot]) throws(TorchError) -> [Outcome] {
        var outcomes: [Outcome] = []
        for entry in entries {
            let loss = try entry.loss.item()
            let norms: [Float] = try entry.norms.array()
            outcomes.append(
                Outcome(
                    step: entry.step, rows: entry.rows, rate: entry.rate, loss: loss, norm: Double(norms[0]),
                    scale: try entry.scale?.item(),
                    fault: try NumericFault.find(loss: loss, norms: norms, in: slots)))
        }
        entries.removeAll(keepingCapacity: true)
        return outcomes
    }
}
