import Foundation
import Torch

/// The memory of this process, as the system counts it.
package enum ProcessMemory {
    /// Gives freed memory back to the system and begins a new peak.
    ///
    /// - Returns: whether the system can do that: Linux can.
    package static func beginPeak() -> Bool {
        Runtime.releaseMemory()
        // - Source: proc_pid_clear_refs(5): 5 resets the peak resident set size.
        guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return false }
        do {
            try file.write(contentsOf: Data("5".utf8))
            return true
        } catch {
            return false
        }
    }

    /// The most bytes that were resident since `beginPeak`.
    ///
    /// - Throws: `TorchError` where the system doesn't say.
    package static func peak() throws(TorchError) -> Int { try Runtime.memory().peak }
}
