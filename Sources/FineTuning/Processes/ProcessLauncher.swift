import Console
import Files
import Foundation
import Torch

/// Starts several processes that train together on this machine, as torchrun does on several: each with its number in
/// the environment. This process serves the store by which they meet, on the loopback address and under secret keys; it
/// passes on signals, and ends all processes if one fails.
package struct ProcessLauncher {
    /// The exit codes that show why a process ended.
    package struct ExitCodes: Sendable {
        /// For a run that was asked to stop and saved a checkpoint.
        let interrupted: Int32
        /// For a run that failed by itself, or that lost another process.
        let failed: Int32

        /// These codes.
        package init(interrupted: Int32, failed: Int32) {
            (self.interrupted, self.failed) = (interrupted, failed)
        }
    }

    /// Set for the processes that this starts.
    package static let mark = "BERTQA_LAUNCHED"
    /// How long the others have to notice that one failed, to report it and to end.
    private static let grace = 15.0

    private let count: Int
    private let threads: Int?
    private let codes: ExitCodes
    /// Part of every key in the store: 128 random bits.
    private let secret =
        String(UInt64.random(in: .min ... .max), radix: 16)
        + String(UInt64.random(in: .min ... .max), radix: 16)

    /// A launcher of `count` processes.
    ///
    /// - Parameter threads: those of each process, where the user gave them; nil divides the cores.
    package init(count: Int, threads: Int?, codes: ExitCodes) {
        (self.count, self.threads, self.codes) = (count, threads, codes)
    }

    /// Runs this program's command line in `count` processes, and returns when all have ended.
    ///
    /// - Returns: 0 if all succeeded; otherwise the code of the one that failed first by itself.
    package func run() throws -> Int32 {
        let store = try ProcessStore(host: "127.0.0.1", port: 0, role: .serverOnLoopback, timeout: 30)
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
            ProcessPlace.secretVariable: secret,
        ]) { $1 }
        if threads == nil, environment["OMP_NUM_THREADS"] == nil {
            environment["OMP_NUM_THREADS"] = "\(max(1, ProcessInfo.processInfo.activeProcessorCount / count))"
        }
        process.environment = environment
        if rank > 0 { process.standardOutput = FileHandle.nullDevice }
        try process.run()
        return process
    }

    /// Waits for all, and passes on signals.
    private func watch(_ children: [Process], _ signals: SignalRelay) -> Int32 {
        var failedAt: Date?
        var code: Int32 = 0
        var seen: Set<Int> = []
        while seen.count < children.count {
            for _ in 0..<signals.takeNew() { end(children, with: SIGTERM) }
            for (rank, child) in children.enumerated() where !seen.contains(rank) && !child.isRunning {
                seen.insert(rank)
                let status = status(of: child, rank: rank)
                if weight(status) > weight(code) { code = status }
                if status != 0, status != codes.interrupted, failedAt == nil { failedAt = Date() }
            }
            if let failedAt, -failedAt.timeIntervalSinceNow > Self.grace { end(children, with: SIGKILL) }
            Thread.sleep(forTimeInterval: 0.05)
        }
        return code
    }

    /// How much an exit code says of why a run ended. Those that lost another process end with an internal error, some
    /// before the one that they lost has ended with a code of its own.
    private func weight(_ code: Int32) -> Int {
        switch code {
        case 0: 0
        case codes.interrupted: 1
        case codes.failed: 2
        default: 3
        }
    }

    private func status(of child: Process, rank: Int) -> Int32 {
        guard child.terminationReason == .exit else {
            StandardError.write(
                "bertqa train: the process with rank \(rank) was ended by signal \(child.terminationStatus)\n")
            return codes.failed
        }
        return child.terminationStatus
    }

    private func end(_ children: [Process], with signal: Int32) {
        for child in children where child.isRunning { kill(child.processIdentifier, signal) }
    }
}
