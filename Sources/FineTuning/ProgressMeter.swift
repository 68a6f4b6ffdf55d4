import Foundation
import StrictJSON

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// Shows on stderr how far long work is: one line that is rewritten on a terminal, a line now and then elsewhere.
public struct ProgressMeter {
    private let isTerminal: Bool
    private let interval: Duration
    private let columns: () -> Int?
    private let now: () -> ContinuousClock.Instant
    private let write: (String) -> Void
    private var last: ContinuousClock.Instant?
    private var isLineOpen = false

    /// A meter for this process's stderr.
    ///
    /// - Parameter plainInterval: seconds between two lines where stderr is not a terminal.
    public init(plainInterval: Int = 10) {
        let clock = ContinuousClock()
        self.init(
            isTerminal: isatty(STDERR_FILENO) == 1, plainInterval: plainInterval, columns: StandardError.columns,
            now: { clock.now }, write: StandardError.write)
    }

    /// A meter whose clock and terminal are given.
    ///
    /// - Parameters:
    ///   - columns: the terminal's width; nil where it is not known.
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
    public mutating func show(_ line: @autoclosure () -> String, always: Bool = false) {
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
    public mutating func say(_ line: String) {
        finish()
        write(line + "\n")
    }

    /// Ends the line that is being rewritten, if there is one.
    public mutating func finish() {
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

extension StandardError {
    /// The terminal's width; nil where standard error is none.
    fileprivate static func columns() -> Int? {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 ? Int(size.ws_col) : nil
    }
}

/// Numbers as people read them.
public enum Figures {
    /// A number with a fixed count of digits behind the point.
    public static func fixed(_ number: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", number)
    }

    /// A number as `1.0e-04`.
    public static func scientific(_ number: Double) -> String {
        String(format: "%.1e", number)
    }

    /// A number of things, as `1 question` or `2 questions`: for nouns whose plural ends in s.
    public static func count(_ number: Int, _ noun: String) -> String {
        number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
    }

    /// Seconds as `42 s`, `3 min 20 s` or `2 h 05 min`.
    public static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite else { return "?" }
        let whole = Int(max(0, seconds).rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(String(format: "%02d", whole / 60 % 60)) min"
    }
}

/// Counts work and time, without the first steps, in which caches and memory pools fill.
public struct Throughput: Sendable {
    private var skipped: Int
    /// Steps counted.
    public private(set) var steps = 0
    /// Rows counted.
    public private(set) var examples = 0
    /// Tokens counted.
    public private(set) var tokens = 0
    /// Seconds counted.
    public private(set) var seconds = 0.0
    /// Seconds of these that were spent waiting for other processes.
    public private(set) var waiting = 0.0

    /// A counter that leaves out the first `skip` steps.
    public init(skip: Int = 2) {
        skipped = skip
    }

    /// Counts steps that were measured together.
    public mutating func add(steps: Int = 1, examples: Int, tokens: Int, seconds: Double, waiting: Double = 0) {
        if skipped > 0 {
            skipped -= steps
            return
        }
        self.steps += steps
        self.examples += examples
        self.tokens += tokens
        self.seconds += seconds
        self.waiting += waiting
    }

    /// Rows a second; 0 before anything was counted.
    public var examplesPerSecond: Double { seconds > 0 ? Double(examples) / seconds : 0 }
    /// The share of the time that was spent waiting for other processes.
    public var waitingShare: Double { seconds > 0 ? waiting / seconds : 0 }
    /// Tokens a second; 0 before anything was counted.
    public var tokensPerSecond: Double { seconds > 0 ? Double(tokens) / seconds : 0 }
}
