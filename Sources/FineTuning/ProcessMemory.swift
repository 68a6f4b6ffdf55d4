import Foundation
import Torch

/// The memory of this process, as the system counts it.
public enum ProcessMemory {
    /// Gives freed memory back to the system and begins a new peak.
    ///
    /// - Returns: whether the system can do that: Linux can.
    public static func beginPeak() -> Bool {
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

    /// The most bytes that were resident since `beginPeak`; nil where the system doesn't say.
    public static var peak: Int? {
        // A file of /proc has no size, so it is read to its end.
        guard let file = FileHandle(forReadingAtPath: "/proc/self/status"),
            let data = try? file.readToEnd()
        else { return nil }
        let line = String(decoding: data, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
        return kilobytes.map { $0 * 1024 }
    }
}
