import Torch

/// Logits on their way to the host.
package struct PendingLogits {
    private let copy: HostCopy
    private let tokenCount: Int

    /// Logits [T', 2] of which the first `tokenCount` count.
    init(copy: HostCopy, tokenCount: Int) {
        (self.copy, self.tokenCount) = (copy, tokenCount)
    }

    /// Waits for the logits: start and end of each token, alternating.
    package func array() throws(TorchError) -> [Float] {
        let all: [Float] = try copy.array()
        return all.count == 2 * tokenCount ? all : Array(all[..<(2 * tokenCount)])
    }
}

/// A pass over rows that a device computes while the host does something else.
package struct PendingPass {
    /// The rows.
    package let rows: [Feature]
    /// Those of each model.
    let logits: [PendingLogits]
}
