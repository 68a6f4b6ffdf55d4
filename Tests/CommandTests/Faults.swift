import Foundation
import Testing

/// Runs of the tool in which calls on files fail, by the library of Tools/faults.
struct Faults {
    /// The library; nil where it cannot be built.
    static let library: String? = {
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Tools/faults/faults.c").path
        let library = FileManager.default.temporaryDirectory.appendingPathComponent("bertqa-\(UUID().uuidString).so")
            .path
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        compiler.arguments = ["cc", "-std=gnu11", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"]
        compiler.standardError = FileHandle.nullDevice
        do { try compiler.run() } catch { return nil }
        compiler.waitUntilExit()
        return compiler.terminationStatus == 0 ? library : nil
    }()

    /// Whether every call fails once, as `make soak` wants it, and not a few of them.
    static let isComplete = ProcessInfo.processInfo.environment["BERTQA_FAULTS"] == "all"

    /// Only calls on what is in this folder count.
    let folder: String

    /// Shell commands that set the library up.
    func shell(_ variables: [String: String] = [:]) throws -> String {
        let library = try #require(Self.library)
        let all = variables.merging(["LD_PRELOAD": library, "FAULTS_UNDER": folder]) { first, _ in first }
        return "cd '\(folder)'; export " + all.map { "\($0.key)='\($0.value)'" }.sorted().joined(separator: " ")
    }

    /// The calls of a run that succeeds, such as "write /folder/file".
    func calls(_ body: (_ shell: String) throws -> Void) throws -> [String] {
        let log = folder + ".log"
        defer { unlink(log) }
        try body(try shell(["FAULTS_LOG": log]))
        return try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    /// Numbers of calls to let fail: all of them, or a few that are spread over them and name each operation.
    static func chosen(of calls: [String]) -> [Int] {
        if isComplete { return Array(1...calls.count) }
        var seen: Set<Substring> = []
        let firsts = calls.indices.filter { seen.insert(calls[$0].prefix { $0 != " " }).inserted }
        return Set(firsts + stride(from: 0, to: calls.count, by: max(1, calls.count / 6))).sorted().map { $0 + 1 }
    }

    /// Error numbers that a call is failed with: of disks, and of full ones.
    static func code(of call: String) -> Int32 { call.hasPrefix("write") || call.hasPrefix("create") ? ENOSPC : EIO }

    /// Lets chosen calls of a command fail, each in a copy of a folder, and checks that every run ends with success or
    /// an error in a sentence, and that the command succeeds afterwards.
    ///
    /// - Parameters:
    ///   - template: what is in the folder before each run.
    ///   - check: looks at the folder after a run; told whether it succeeded.
    static func everyCall(
        of arguments: [String], template: String, environment: [String: String] = [:],
        check: (_ folder: String, _ succeeded: Bool, _ call: String) throws -> Void
    ) throws {
        let folder = "\(template)-faults"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let faults = Faults(folder: folder)
        func renew() throws {
            if FileManager.default.fileExists(atPath: folder) { try FileManager.default.removeItem(atPath: folder) }
            try FileManager.default.copyItem(atPath: template, toPath: folder)
        }
        func run(_ shell: String) throws -> Tool.Output {
            let variables = environment.map { "; export \($0.key)='\($0.value)'" }.joined()
            return try Tool.run(arguments, shell: shell + variables)
        }
        try renew()
        let calls = try faults.calls { shell in
            let output = try run(shell)
            #expect(output.status == 0, "\(output.err)")
        }
        try check(folder, true, "none")
        #expect(calls.count > 5)
        for number in chosen(of: calls) {
            let call = calls[number - 1]
            try renew()
            let shell = try faults.shell(["FAULTS_FAIL": "\(number)", "FAULTS_ERRNO": "\(code(of: call))"])
            let output = try run(shell)
            let name: Comment = "call \(number), \(call): \(output.status) \(output.err)"
            #expect(!output.signalled && [0, 65, 66, 70, 74].contains(output.status), name)
            #expect(output.status == 0 || output.err.contains("bertqa "), name)
            #expect(output.status != 70, name)
            try check(folder, output.status == 0, "\(number), \(call)")
            let later = try run("cd '\(folder)'")
            #expect(later.status == 0, "after \(name), \(later.err)")
            try check(folder, true, "after \(number), \(call)")
        }
    }
}
