import Foundation

/// The memory that processes here may use.
package enum MachineMemory {
    /// The machine's memory, or what the control groups that this process is in leave of it.
    package static var limit: MemorySize {
        let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        return MemorySize(bytes: ([physical] + controlGroupLimits(root: "")).min() ?? physical)
    }

    /// The limits of this process's control groups and of those above them, of both versions. Files that are not there
    /// set none.
    ///
    /// - Parameter root: what stands before the paths, in tests.
    package static func controlGroupLimits(root: String) -> [Int] {
        lines(of: "\(root)/proc/self/cgroup").flatMap { line -> [Int] in
            // `hierarchy:controllers:path`; version 2 is hierarchy 0 without controllers.
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return [] }
            if fields[1].isEmpty { return limits("\(root)/sys/fs/cgroup", String(fields[2]), "memory.max") }
            guard fields[1].split(separator: ",").contains("memory") else { return [] }
            return limits("\(root)/sys/fs/cgroup/memory", String(fields[2]), "memory.limit_in_bytes")
        }
    }

    private static func limits(_ mount: String, _ path: String, _ file: String) -> [Int] {
        var parts = path.split(separator: "/")
        var result: [Int] = []
        while true {
            let folder = ([mount] + parts.map(String.init)).joined(separator: "/")
            // `max`, and for version 1 a number near 2^63, mean no limit.
            if let limit = lines(of: "\(folder)/\(file)").first.flatMap({ Int($0) }) { result.append(limit) }
            if parts.isEmpty { return result }
            parts.removeLast()
        }
    }

    private static func lines(of path: String) -> [Substring] {
        guard let text = FileManager.default.contents(atPath: path) else { return [] }
        return String(decoding: text, as: UTF8.self).split(separator: "\n")
    }
}
