import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// Shows on stderr how far long work is: one line that is rewritten on a terminal, a line now and then elsewhere.
public struct ProgressMeter {
    private let isTerminal: Bool
    private let interval: Duration
    private let clock = ContinuousClock()
    private var last: ContinuousClock.Instant?
    private var isLineOpen = false

    /// A meter for this process's stderr.
    ///
    /// - Parameter plainInterval: seconds between two lines where stderr is not a terminal.
    public init(plainInterval: Int = 10) {
        isTerminal = isatty(STDERR_FILENO) == 1
        interval = isTerminal ? .milliseconds(100) : .seconds(plainInterval)
    }

    /// Shows a line, unless one was shown a moment ago; `always` shows it in any case.
    public mutating func show(_ line: @autoclosure () -> String, always: Bool = false) {
        let now = clock.now
        if !always, let last, now - last < interval { return }
        last = now
        if isTerminal {
            write("\r\u{1B}[2K" + clipped(line()))
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
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return line }
        return String(String.UnicodeScalarView(line.unicodeScalars.prefix(Int(size.ws_col) - 1)))
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
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

    /// A counter that leaves out the first `skip` steps.
    public init(skip: Int = 2) {
        skipped = skip
    }

    /// Counts one step.
    public mutating func add(examples: Int, tokens: Int, seconds: Double) {
        if skipped > 0 {
            skipped -= 1
            return
        }
        steps += 1
        self.examples += examples
        self.tokens += tokens
        self.seconds += seconds
    }

    /// Rows a second; 0 before anything was counted.
    public var examplesPerSecond: Double { seconds > 0 ? Double(examples) / seconds : 0 }
    /// Tokens a second; 0 before anything was counted.
    public var tokensPerSecond: Double { seconds > 0 ? Double(tokens) / seconds : 0 }
}
