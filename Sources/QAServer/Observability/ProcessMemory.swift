import Foundation

/// The memory of this process.
enum ProcessMemory {
    /// Resident bytes; nil where the system has no `/proc`.
    static var resident: Int? {
        // - Source: proc(5): the second number of statm counts resident pages.
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
        let numbers = text.split(separator: " ")
        guard numbers.count > 1, let pages = Int(numbers[1]) else { return nil }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }
}
