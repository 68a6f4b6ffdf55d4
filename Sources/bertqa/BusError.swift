import Foundation

/// Models and datasets are mapped into memory. If another program truncates such a file, or the disk fails, the system
/// sends a bus error to a process that reads beyond its end.
enum BusError {
    /// Lets a bus error end the process with a message and the exit code of an input error, instead of a crash.
    static func handle() {
        signal(SIGBUS) { _ in
            // Only calls that a signal handler may make.
            let message: StaticString = "bertqa: a file was truncated while in use, or the disk failed\n"
            _ = write(STDERR_FILENO, message.utf8Start, message.utf8CodeUnitCount)
            _exit(74)
        }
    }
}
