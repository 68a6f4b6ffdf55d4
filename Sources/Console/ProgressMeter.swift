import Files
import Foundation

/// Shows the progress of long work on standard error: one line that is rewritten on a terminal, and a line now and then
/// elsewhere.
package struct ProgressMeter {
    private let isTerminal: Bool
    private let interval: Duration
    private let columns: () -> Int?
    private let now: () -> ContinuousClock.Instant
    private let write: (String) -> Void
    private var last: ContinuousClock.Instant?
    private var isLineOpen = false

    /// A meter for this process's stderr.
    ///
    /// - Parameter plainInterval: seconds between two lines where stderr cannot rewrite one.
    package init(plainInterval: Int = 10) {
        let clock = ContinuousClock()
        self.init(
            isTerminal: OutputTraits(descriptor: STDERR_FILENO).rewritesLines, plainInterval: plainInterval,
            columns: { OutputTraits(descriptor: STDERR_FILENO).columns }, now: { clock.now },
            write: StandardError.write)
    }

    /// A meter whose clock and terminal are given.
    ///
    /// - Parameters:
    ///   - isTerminal: whether a line can be rewritten.
    ///   - columns: the terminal's width; nil if it is not known.
    ///   - write: takes text, control characters included.
    package init(
        isTerminal: Bool, plainInterval: Int, columns: @escaping () -> Int?,
        now: @escaping () -> ContinuousClock.Instant, write: @escaping (String) -> Void
    ) {
        self.isTerminal = isTerminal
        interval = isTerminal ? .milliseconds(100) : .seconds(plainInterval)
        self.columns = columns
        self.now = now
        self.write = write
    }

    /// Shows a line, unless one was shown a moment ago; `always` shows it in any case.
    ///
    /// - Parameter line: fields with two blanks between them, the most important first: those that a narrow terminal
    ///   has no room for are left out.
    package mutating func show(_ line: @autoclosure () -> String, always: Bool = false) {
        let time = now()
        if !always, let last, time - last < interval { return }
        last = time
        if isTerminal {
            // Cleared behind the text, not before it: that does not flicker.
            write("\r" + clipped(line()) + "\u{1B}[K")
            isLineOpen = true
        } else {
            write(line() + "\n")
        }
    }

    /// Shows a line that stays.
    package mutating func say(_ line: String) {
        finish()
        write(line + "\n")
    }

    /// Ends the line that is being rewritten, if there is one.
    package mutating func finish() {
        if isLineOpen { write("\n") }
        isLineOpen = false
    }

    /// A line that wraps cannot be rewritten.
    private func clipped(_ line: String) -> String {
        guard let columns = columns(), columns > 1 else { return line }
        let scalars = line.unicodeScalars
        guard scalars.count >= columns else { return line }
        let end = scalars.index(scalars.startIndex, offsetBy: columns - 1)
        let behind = scalars.index(end, offsetBy: 2, limitedBy: scalars.endIndex) ?? scalars.endIndex
        let gap = line[..<behind].range(of: "  ", options: .backwards)
        return String(line[..<(gap?.lowerBound ?? end)])
    }
}
