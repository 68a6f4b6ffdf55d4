import Console
import Files
import Foundation
import StrictJSON

/// Two runs of this program with the same options, one of them killed again and again.
package struct ResumeVerification {
    /// The result.
    package struct Result {
        /// Kills by signal that ended a running training.
        fileprivate(set) var kills: [Int32: Int] = [:]
        /// The steps after which it continued.
        fileprivate(set) var resumedAfter: [Int] = []
        package fileprivate(set) var comparison: RunComparison
        fileprivate let directory: String
    }

    private let directory: String
    private let arguments: [String]

    /// Writes the options to a file for the runs.
    ///
    /// - Throws: `TrainingError.output` if the directory is not empty.
    package init(options: TrainingOptions) throws {
        directory = options.outputDirectory
        let present = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        guard present.isEmpty else {
            throw TrainingError.output("`output_dir` \(directory) is not empty; choose another directory")
        }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let settings = "\(directory)/settings.json"
        try Data((options.settings.serialized(pretty: true) + "\n").utf8).write(to: URL(fileURLWithPath: settings))
        self.arguments = ["train", "--config", settings]
    }

    /// Runs both and compares them.
    package func run(kills: Int) throws -> Result {
        let (whole, broken) = ("\(directory)/whole", "\(directory)/broken")
        say("the uninterrupted run:")
        let begin = Date()
        let child = try start(whole, resume: false, errors: .standardError)
        child.waitUntilExit()
        try check(child, "the uninterrupted run")
        let seconds = -begin.timeIntervalSinceNow
        var result = Result(comparison: try RunComparison(whole, whole), directory: directory)
        let log = "\(directory)/broken.log"
        guard FileManager.default.createFile(atPath: log, contents: nil) else {
            throw TrainingError.output("\(log) cannot be written")
        }
        let errors = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        for number in 1...kills {
            let signal = number % 4 == 0 ? SIGTERM : SIGKILL
            let delay = Double.random(in: 0...(2 * seconds / Double(kills + 1)))
            let child = try start(broken, resume: true, errors: errors)
            let ended = wait(child, seconds: delay)
            if ended { break }
            kill(child.processIdentifier, signal)
            child.waitUntilExit()
            result.kills[signal, default: 0] += 1
            say("kill \(number) of \(kills) after \(Figures.fixed(delay, 1)) s")
        }
        let last = try start(broken, resume: true, errors: errors)
        last.waitUntilExit()
        try check(last, "the killed run (its output is in \(log))")
        result.comparison = try RunComparison(whole, broken)
        result.resumedAfter = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").compactMap {
            $0.split(separator: "going on after step ").last.flatMap { Int($0.prefix { $0.isNumber }) }
        }
        return result
    }

    private func start(_ output: String, resume: Bool, errors: FileHandle) throws -> Process {
        let process = Process()
        guard let executable = Bundle.main.executableURL else {
            throw TrainingError.computation("the path of this program cannot be found")
        }
        process.executableURL = executable
        process.arguments = arguments + ["--output-dir", output] + (resume ? ["--resume"] : [])
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        try process.run()
        return process
    }

    /// Whether a process ends within some seconds.
    private func wait(_ process: Process, seconds: Double) -> Bool {
        let end = Date(timeIntervalSinceNow: seconds)
        while process.isRunning {
            let left = end.timeIntervalSinceNow
            guard left > 0 else { return false }
            Thread.sleep(forTimeInterval: min(left, 0.01))
        }
        return true
    }

    private func check(_ process: Process, _ name: String) throws {
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            throw TrainingError.computation("\(name) ended with \(process.terminationStatus)")
        }
    }

    private func say(_ line: String) { StandardError.write("\(line)\n") }
}

extension ResumeVerification.Result {
    private var killCount: Int { kills.values.reduce(0, +) }

    /// The object that `--json` prints.
    package var json: JSONValue {
        [
            "kills": .int(killCount), "sigkill": .int(kills[SIGKILL] ?? 0), "sigterm": .int(kills[SIGTERM] ?? 0),
            "resumed_after": .array(resumedAfter.map(JSONValue.int)),
            "files": .array(comparison.files.map(JSONValue.string)),
            "differences": .array(comparison.differences.map(JSONValue.string)),
            "equal": .bool(comparison.differences.isEmpty),
        ]
    }

    package var text: String {
        let steps = resumedAfter.map(String.init).joined(separator: ", ")
        var lines = [
            "killed \(killCount) times (SIGKILL \(kills[SIGKILL] ?? 0), SIGTERM \(kills[SIGTERM] ?? 0))"
                + (steps.isEmpty ? "" : ", resumed after the steps \(steps)")
        ]
        lines += comparison.files.map { file in
            comparison.differences.first { $0.hasPrefix("\(file) ") } ?? "\(file) is equal"
        }
        lines.append(
            comparison.differences.isEmpty
                ? "the killed run ended exactly as the uninterrupted one; both are in \(directory)"
                : "THE RUNS DIFFER; both are in \(directory)")
        return lines.joined(separator: "\n")
    }
}
