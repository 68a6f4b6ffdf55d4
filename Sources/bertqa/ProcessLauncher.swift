import Files
import FineTuning
import Foundation
import Torch

/// Starts the processes of `--processes` on this machine, as torchrun does on several: each with its number in the environment.
/// This process serves the store by which they meet, passes signals on, and ends all when one fails.
struct ProcessLauncher {
    /// Set for the processes that this starts.
    static let mark = "BERTQA_LAUNCHED"
    /// How long the others have to notice that one failed, to say so and to end.
    private static let grace = 15.0

    let count: Int
    let threads: Int?

    /// Runs this program's command line in `count` processes, and returns when all have ended.
    ///
    /// - Returns: 0 if all did what they were to do; otherwise the code of the one that failed first of itself.
    func run() throws -> Int32 {
        let store = try ProcessStore(host: "127.0.0.1", port: 0, serves: true, timeout: 30)
        let signals = SignalRelay()
        var children: [Process] = []
        do {
            for rank in 0..<count { children.append(try start(rank, port: store.port)) }
        } catch {
            end(children, with: SIGKILL)
            throw error
        }
        let code = watch(children, signals)
        withExtendedLifetime(store) {}
        return code
    }

    private func start(_ rank: Int, port: Int) throws -> Process {
        guard let executable = Bundle.main.executableURL else {
            throw TrainingError.computation("the path of this program cannot be found")
        }
        let process = Process()
        process.executableURL = executable
        process.arguments = Array(CommandLine.arguments.dropFirst())
        var environment = ProcessInfo.processInfo.environment
        environment.merge([
            "RANK": "\(rank)", "WORLD_SIZE": "\(count)", "LOCAL_RANK": "\(rank)", "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": "\(port)", "TORCHELASTIC_USE_AGENT_STORE": "True", Self.mark: "1",
        ]) { $1 }
        if threads == nil, environment["OMP_NUM_THREADS"] == nil {
            environment["OMP_NUM_THREADS"] = "\(max(1, ProcessInfo.processInfo.activeProcessorCount / count))"
        }
        process.environment = environment
        if rank > 0 { process.standardOutput = FileHandle.nullDevice }
        try process.run()
        return process
    }

    /// Waits for all, passing on what signals come.
    private func watch(_ children: [Process], _ signals: SignalRelay) -> Int32 {
        var failedAt: Date?
        var code: Int32 = 0
        var seen: Set<Int> = []
        while seen.count < children.count {
            for _ in 0..<signals.takeNew() { end(children, with: SIGTERM) }
            for (rank, child) in children.enumerated() where !seen.contains(rank) && !child.isRunning {
                seen.insert(rank)
                let status = status(of: child, rank: rank)
                if Self.weight(status) > Self.weight(code) { code = status }
                if status != 0, status != ExitStatus.interrupted.rawValue, failedAt == nil { failedAt = Date() }
            }
            if let failedAt, -failedAt.timeIntervalSinceNow > Self.grace { end(children, with: SIGKILL) }
            Thread.sleep(forTimeInterval: 0.05)
        }
        return code
    }

    /// How much an exit code says of why a run ended. Those that lost another process end with an internal error, some before the
    /// one that they lost has ended with a code of its own.
    private static func weight(_ code: Int32) -> Int {
        switch code {
        case 0: 0
        case ExitStatus.interrupted.rawValue: 1
        case ExitStatus.internalError.rawValue: 2
        default: 3
        }
    }

    private func status(of child: Process, rank: Int) -> Int32 {
        guard child.terminationReason == .exit else {
            StandardError.write(
                "bertqa train: the process with rank \(rank) was ended by signal \(child.terminationStatus)\n")
            return ExitStatus.internalError.rawValue
        }
        return child.terminationStatus
    }

    private func end(_ children: [Process], with signal: Int32) {
        for child in children where child.isRunning { kill(child.processIdentifier, signal) }
    }
}
