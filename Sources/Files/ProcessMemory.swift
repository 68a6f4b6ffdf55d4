import Foundation

/// The memory of this process, as Linux counts it; other systems do not say.
package enum ProcessMemory {
    /// Resident bytes; nil if the system does not say.
    package static var resident: Int? {
        // - Source: proc(5): the second number of statm counts resident pages.
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
        let numbers = text.split(separator: " ")
        guard numbers.count > 1, let pages = Int(numbers[1]) else { return nil }
        return pages * Int(getpagesize())
    }

    /// The most bytes that were resident since `beginPeak`, or since the process began; nil if the system does not
    /// say.
    package static var peak: Int? {
        // - Source: proc(5): VmHWM of status, in units of 1024 bytes.
        guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
        else { return nil }
        return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }

    /// Begins a new peak.
    ///
    /// - Returns: whether the system can do that.
    package static func beginPeak() -> Bool {
        // - Source: proc_pid_clear_refs(5): 5 resets the peak resident set size.
        guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return false }
        do {
            try file.write(contentsOf: Data("5".utf8))
            return true
        } catch {
            return false
        }
    }
}
