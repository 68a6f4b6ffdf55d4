import ArgumentParser
import Console
import FineTuning
import Foundation
import Torch

/// How many processes train together.
struct TeamOptions: ParsableArguments {
    @Option(
        help: "Train with this many processes of this machine. (default: 1, or as torchrun, srun or PyTorchJob started)"
    )
    var processes: Int?

    @Option(
        help: ArgumentHelp(
            "With several processes: how long to wait for one of them before the others end with an error.",
            valueName: "seconds"))
    var processTimeout = 300.0

    func validate() throws {
        if let processes, !(1...1024).contains(processes) {
            throw ValidationError("--processes \(processes) must be from 1 to 1024")
        }
        guard processTimeout >= 1, processTimeout <= 86400 else {
            throw ValidationError("--process-timeout must be from 1 to 86400 seconds")
        }
    }

    /// Whether this process was started by `--processes` of another.
    static var isStarted: Bool { ProcessInfo.processInfo.environment[ProcessLauncher.mark] != nil }

    /// Whether this process is to start others instead of training.
    var starts: Bool { (processes ?? 1) > 1 && !Self.isStarted }

    /// Starts the processes, waits for their end, and returns the exit code.
    func launch(threads: Int?) throws -> Int32 {
        if try ProcessPlace(environment: ProcessInfo.processInfo.environment) != nil {
            throw ValidationError(
                "--processes is for one machine without torchrun or srun; this process was started by one of them "
                    + "(RANK is set)"
            )
        }
        return try ProcessLauncher(
            count: processes ?? 1, threads: threads,
            codes: ProcessLauncher.ExitCodes(
                interrupted: ExitStatus.interrupted.rawValue, failed: ExitStatus.internalError.rawValue)
        ).run()
    }

    /// Meets the processes that this one was started with; a team of one if it was started alone.
    func join(device: Device, interrupt: InterruptFlag) throws -> Team {
        guard let place = try ProcessPlace(environment: ProcessInfo.processInfo.environment) else { return Team() }
        try device.select(index: place.localRank)
        let stop: @Sendable () -> Void = { interrupt.raise() }
        return try Team(
            place: place, timeout: processTimeout, device: device, whenOrphaned: Self.isStarted ? stop : nil)
    }
}
