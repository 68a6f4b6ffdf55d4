import Foundation

/// The machine that this process runs on, as far as its system tells: what a report of a fault needs.
package struct Machine: Sendable, Hashable {
    /// The system and its kernel, such as `Debian GNU/Linux 12 (bookworm), Linux 6.1.0 x86_64`.
    package let system: String
    /// The processor's name; empty if the system does not say.
    package let processor: String
    /// Vendor, family, model and stepping, such as `AuthenticAMD family 25 model 17 stepping 1`; empty if the system
    /// does not say.
    package let processorModel: String
    /// Those of the instruction sets that numbers and speed depend on.
    package let instructionSets: [String]
    /// The version of NVIDIA's driver; nil without one.
    package let driver: String?
    /// The names of NVIDIA's GPUs.
    package let gpus: [String]

    /// - Parameter root: what stands before the paths, in tests.
    package init(root: String = "") {
        let about = Self.values(of: "\(root)/proc/cpuinfo", until: "")
        system = [Self.systemName(root), Self.kernel].filter { !$0.isEmpty }.joined(separator: ", ")
        processor = about["model name"] ?? about["Model"] ?? ""
        processorModel = [
            about["vendor_id"] ?? about["CPU implementer"], about["cpu family"].map { "family \($0)" },
            (about["model"] ?? about["CPU part"]).map { "model \($0)" }, about["stepping"].map { "stepping \($0)" },
        ].compactMap(\.self).joined(separator: " ")
        let flags = Set((about["flags"] ?? about["Features"] ?? "").split(separator: " ").map(String.init))
        instructionSets = Self.decisiveSets.filter(flags.contains)
        driver = Self.text(of: "\(root)/proc/driver/nvidia/version").flatMap(Self.driverVersion)
        let folder = "\(root)/proc/driver/nvidia/gpus"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        gpus = names.sorted().compactMap { Self.values(of: "\(folder)/\($0)/information", until: nil)["Model"] }
    }

    /// The file that a library of this process was loaded from; nil if the system does not say.
    ///
    /// - Parameter name: how its file name begins, such as `libtorch_cpu.`.
    package static func loadedLibrary(_ name: String) -> String? {
        // - Source: proc(5): the path is the last field of a line, and the only one with a slash at its start.
        let lines = text(of: "/proc/self/maps")?.split(separator: "\n") ?? []
        return lines.lazy.compactMap { line in line.firstIndex(of: "/").map { String(line[$0...]) } }
            .first { $0.split(separator: "/").last?.hasPrefix(name) == true }
    }

    private static let decisiveSets = [
        "sse4_2", "avx", "f16c", "fma", "avx2", "avx_vnni", "avx512f", "avx512bw", "avx512vl", "avx512_vnni",
        "avx512_bf16", "amx_tile", "amx_bf16", "amx_int8", "asimd", "asimddp", "bf16", "i8mm", "sve", "sve2",
    ]

    private static func systemName(_ root: String) -> String {
        let release = text(of: "\(root)/etc/os-release")?.split(separator: "\n") ?? []
        let name = release.first { $0.hasPrefix("PRETTY_NAME=") }?.dropFirst("PRETTY_NAME=".count)
        return name.map { String($0.trimming { $0 == "\"" }) } ?? ProcessInfo.processInfo.operatingSystemVersionString
    }

    private static var kernel: String {
        var names = utsname()
        guard uname(&names) == 0 else { return "" }
        func field<Field>(_ field: Field) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return "\(field(names.sysname)) \(field(names.release)) \(field(names.machine))"
    }

    /// `NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Tue Jan ...` has the version; it is the first word
    /// that begins with a digit and has a point.
    private static func driverVersion(_ text: String) -> String? {
        text.split(whereSeparator: \.isWhitespace).first { $0.first?.isNumber == true && $0.contains(".") }
            .map(String.init)
    }

    /// The values of lines `name : value`, up to a line that is `end`.
    private static func values(of path: String, until end: Substring?) -> [String: String] {
        var values: [String: String] = [:]
        for line in text(of: path)?.split(separator: "\n", omittingEmptySubsequences: false) ?? [] {
            if line == end { break }
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            values[String(parts[0].trimming(\.isWhitespace))] = String(parts[1].trimming(\.isWhitespace))
        }
        return values
    }

    /// A file that the system makes while it is read; nil if there is none.
    private static func text(of path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: path), let bytes = try? file.readToEnd() else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Substring {
    fileprivate func trimming(_ isDropped: (Character) -> Bool) -> Substring {
        var rest = drop(while: isDropped)
        while let last = rest.last, isDropped(last) { rest.removeLast() }
        return rest
    }
}
