import Files
import Foundation

/// A program that is run for its output, with a limit to its time and its output, and without a shell.
package struct ChildProcess {
    /// What a program left.
    package struct Output {
        package let bytes: [UInt8]
        /// The beginning of what it wrote to standard error.
        package let errors: String
        /// Its exit code; 128 and the signal's number if a signal ended it.
        package let status: Int32
    }

    /// Why there is no output.
    package enum Failure: Error, Hashable {
        case cannotStart(String)
        case tooSlow(seconds: Int)
        case tooMuch(bytes: Int)
        case cancelled
    }

    private let path: String
    private let arguments: [String]
    private let seconds: Int
    private let outputLimit: Int

    /// A program that is not started yet.
    ///
    /// - Parameters:
    ///   - path: the program's file.
    ///   - seconds: how long it may take.
    ///   - outputLimit: how many bytes it may write.
    package init(path: String, arguments: [String], seconds: Int, outputLimit: Int) {
        (self.path, self.arguments) = (path, arguments)
        (self.seconds, self.outputLimit) = (seconds, outputLimit)
    }

    /// Where a program is, by the folders of `PATH`.
    package static func find(_ name: String, in path: String?) -> String? {
        (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":").lazy
            .filter { $0.hasPrefix("/") }.map { "\($0)/\(name)" }
            .first { access($0, X_OK) == 0 }
    }

    /// Runs the program to its end, or ends it together with what it started.
    ///
    /// - Parameter isCancelled: asked several times a second.
    package func run(isCancelled: () -> Bool = { false }) throws(Failure) -> Output {
        let output = try OutputPipe(limit: outputLimit)
        let errors = try OutputPipe(limit: 4096)
        let child = try Spawn.start(path, arguments, output: output.writingEnd, errors: errors.writingEnd)
        output.closeWritingEnd()
        errors.closeWritingEnd()
        let end = ContinuousClock.now.advanced(by: .seconds(seconds))
        while true {
            OutputPipe.wait(for: [output, errors], milliseconds: output.isOpen || errors.isOpen ? 100 : 5)
            output.take()
            errors.take()
            // It may have closed its output and still be at work.
            if !output.isOpen, !errors.isOpen, let status = Spawn.status(of: child) {
                return Output(
                    bytes: output.bytes, errors: String(decoding: errors.bytes, as: UTF8.self), status: status)
            }
            if let failure = failure(output, after: end, isCancelled: isCancelled()) {
                Spawn.end(child)
                throw failure
            }
        }
    }

    private func failure(_ output: OutputPipe, after end: ContinuousClock.Instant, isCancelled: Bool) -> Failure? {
        if isCancelled { return .cancelled }
        if output.isOverLimit { return .tooMuch(bytes: outputLimit) }
        return ContinuousClock.now > end ? .tooSlow(seconds: seconds) : nil
    }
}
