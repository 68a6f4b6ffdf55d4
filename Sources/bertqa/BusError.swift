import Foundation

/// Models and datasets are mapped into memory. Where another program cuts such a file short, or the disk fails, the
/// system signals a bus error to who reads beyond its end.
enum BusError {
    /// Lets a bus error end the process with a sentence and the exit code of an input error, in place of a crash.
    static func handle() {
        signal(SIGBUS) { _ in
            // Only calls that a signal handler may make.
            let message: StaticString = "bertqa: a file was truncated while in use, or the disk failed\n"
            _ = write(STDERR_FILENO, message.utf8Start, message.utf8CodeUnitCount)
            _exit(74)
        }
    }
}
