import Foundation
import StrictJSON
import Testing

/// The built `bertqa`, run as its users run it.
enum Tool {
    /// What a finished run left.
    struct Output {
        let status: Int32
        let signalled: Bool
        let out: String
        let err: String

        /// Standard output as the one JSON object that `--json` promises.
        func json() throws -> JSONValue {
            #expect(out.utf8.filter { $0 == UInt8(ascii: "\n") }.count == 1, "one line: \(out)")
            return try JSONValue.parse(Array(out.utf8))
        }
    }

    /// A run that goes on.
    final class Running {
        fileprivate let process = Process()
        fileprivate let out = Pipe()
        fileprivate let input = Running.temporaryFile("in")
        fileprivate let errors = Running.temporaryFile("err")

        private static func temporaryFile(_ ending: String) -> URL {
            FileManager.default.temporaryDirectory.appendingPathComponent("bertqa-\(UUID().uuidString).\(ending)")
        }

        /// What it has said so far on standard error.
        var said: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }

        /// The most memory that it has had so far, in bytes; nil after its end, and where the system does not say.
        var peak: Int? { kibibytes(on: "VmHWM:", of: "status", after: "") }

        /// The memory that it has now besides the pages of files, in bytes; nil as for `peak`.
        var anonymous: Int? { kibibytes(on: "RssAnon:", of: "status", after: "") }

        /// How much of a file that it has mapped is in memory now, in bytes; nil after its end, and while it has not
        /// mapped it.
        func resident(of path: String) -> Int? { kibibytes(on: "Rss:", of: "smaps", after: path) }

        /// The number on the first line with a beginning that follows a line with an ending, in a file that the system
        /// keeps about the process.
        private func kibibytes(on beginning: String, of file: String, after ending: String) -> Int? {
            // Not by FileManager, which takes one piece of such a file for the whole.
            guard process.isRunning,
                let text = try? FileHandle(forReadingAtPath: "/proc/\(process.processIdentifier)/\(file)")?.readToEnd()
            else { return nil }
            let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
            let line = lines.drop { !$0.hasSuffix(ending) }.first { $0.hasPrefix(beginning) }
            return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
        }

        /// The seconds of processor that it has used; nil as for `peak`.
        var processorSeconds: Double? {
            guard process.isRunning,
                let text = try? FileHandle(forReadingAtPath: "/proc/\(process.processIdentifier)/stat")?.readToEnd()
            else { return nil }
            // - Source: proc(5): utime and stime are the 14th and 15th field; the second, in parentheses, may hold
            //   spaces.
            let fields = String(decoding: text, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
            guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
            return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
        }

        /// Follows it to its end: the most memory that it had, in bytes.
        func followPeak() -> Int {
            var most = 0
            while let peak {
                most = max(most, peak)
                Thread.sleep(forTimeInterval: 0.002)
            }
            return most
        }

        /// Waits until what it has said satisfies a condition, it has ended, or a minute is over.
        func wait(until condition: (String) -> Bool) {
            let end = Date(timeIntervalSinceNow: 60)
            while !condition(said), process.isRunning, end.timeIntervalSinceNow > 0 {
                Thread.sleep(forTimeInterval: 0.01)
            }
        }

        /// The process's number.
        var identifier: Int32 { process.processIdentifier }

        func send(_ signal: Int32) { kill(identifier, signal) }

        /// Waits for it to end.
        func finish() throws -> Output {
            let text = try out.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            let output = Output(
                status: process.terminationStatus, signalled: process.terminationReason == .uncaughtSignal,
                out: String(decoding: text, as: UTF8.self), err: said)
            for file in [input, errors] { try FileManager.default.removeItem(at: file) }
            return output
        }
    }

    /// Whether the system tells a process's memory.
    static let showsPeak = FileManager.default.fileExists(atPath: "/proc/self/status")

    /// Where the binary is: beside the test bundle.
    static let path: String = {
        for argument in CommandLine.arguments + [Bundle.main.bundlePath] {
            var url = URL(fileURLWithPath: argument)
            while url.path != "/" {
                url.deleteLastPathComponent()
                let candidate = url.appendingPathComponent("bertqa").path
                if FileManager.default.isExecutableFile(atPath: candidate), !isDirectory(candidate) { return candidate }
            }
        }
        fatalError("bertqa is not beside the test bundle; run the tests with `make test`")
    }()

    /// Starts a run. Standard input is `input`; with `shell`, a shell command runs first in the same process.
    static func start(_ arguments: [String], input: String = "", shell: String? = nil) throws -> Running {
        let running = Running()
        let process = running.process
        if let shell {
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", "\(shell); exec \"$0\" \"$@\"", path] + arguments
        } else {
            process.executableURL = URL(fileURLWithPath: path)
            process.arguments = arguments
        }
        // The tests run side by side on few cores: threads that wait must not spin.
        process.environment = ProcessInfo.processInfo.environment.merging(["OMP_WAIT_POLICY": "passive"]) { $1 }
        try Data(input.utf8).write(to: running.input)
        try Data().write(to: running.errors)
        process.standardInput = try FileHandle(forReadingFrom: running.input)
        process.standardOutput = running.out
        process.standardError = try FileHandle(forWritingTo: running.errors)
        try process.run()
        return running
    }

    /// Runs it to its end.
    static func run(_ arguments: [String], input: String = "", shell: String? = nil) throws -> Output {
        try start(arguments, input: input, shell: shell).finish()
    }

    private static func isDirectory(_ path: String) -> Bool {
        var answer: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &answer) && answer.boolValue
    }
}

extension Tool.Output {
    /// Expects an exit code, and a message of one line on standard error that holds the given words.
    func expectFailure(
        _ code: Int32, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(status == code && !signalled, "\(err)", sourceLocation: sourceLocation)
        #expect(out.isEmpty, "\(out)", sourceLocation: sourceLocation)
        for word in words {
            #expect(err.contains(word), "'\(word)' in: \(err)", sourceLocation: sourceLocation)
        }
    }
}
