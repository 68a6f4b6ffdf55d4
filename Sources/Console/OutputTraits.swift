import Foundation

/// What an output of this process can show: what the system says of it, and what the environment asks for.
///
/// - Source: https://no-color.org, https://bixense.com/clicolors, environ(7) for `COLUMNS`.
package struct OutputTraits: Sendable, Hashable {
    /// Whether a line can be rewritten. A notebook gives the programs of its shell lines a terminal, but keeps what
    /// they write in a cell: `TERM=dumb` and notebooks get plain lines.
    package let rewritesLines: Bool
    /// Whether it is to have colours: `NO_COLOR` forbids them, else `CLICOLOR_FORCE` asks for them anywhere, else
    /// terminals have them unless `CLICOLOR=0`.
    package let showsColours: Bool
    /// How many columns it has: those of `COLUMNS`, else the terminal's; nil if neither says.
    package let columns: Int?

    /// An output of this process, as it is now.
    package init(descriptor: Int32) {
        var size = winsize()
        let isSized = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        self.init(
            isTerminal: isatty(descriptor) == 1, width: isSized ? Int(size.ws_col) : nil,
            environment: ProcessInfo.processInfo.environment)
    }

    /// An output in an environment.
    package init(isTerminal: Bool, width: Int?, environment: [String: String]) {
        func isSet(_ name: String) -> Bool { environment[name].map { !$0.isEmpty } ?? false }
        let isDumb = environment["TERM"] == "dumb"
        rewritesLines = isTerminal && !isDumb && !Self.notebookMarks.contains(where: isSet)
        let isForced = isSet("CLICOLOR_FORCE") && environment["CLICOLOR_FORCE"] != "0"
        showsColours =
            !isSet("NO_COLOR") && (isForced || (isTerminal && !isDumb && environment["CLICOLOR"] != "0"))
        columns = environment["COLUMNS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } ?? width
    }

    /// What notebooks set for their programs: Jupyter's kernels, and Colab.
    private static let notebookMarks = ["JPY_PARENT_PID", "COLAB_RELEASE_TAG"]
}
