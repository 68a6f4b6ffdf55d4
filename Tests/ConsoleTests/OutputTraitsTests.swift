import Console
import Testing

@Suite("What an output can show")
struct OutputTraitsTests {
    private func traits(_ environment: [String: String], isTerminal: Bool = true) -> OutputTraits {
        OutputTraits(isTerminal: isTerminal, width: 120, environment: environment)
    }

    @Test(
        "NO_COLOR wins over CLICOLOR_FORCE, which wins over what the output is",
        arguments: [
            ([:], true, true), ([:], false, false), (["NO_COLOR": "1"], true, false), (["NO_COLOR": ""], true, true),
            (["NO_COLOR": "0"], true, false), (["CLICOLOR": "0"], true, false), (["CLICOLOR": "1"], false, false),
            (["CLICOLOR_FORCE": "1"], false, true), (["CLICOLOR_FORCE": "0"], false, false),
            (["CLICOLOR_FORCE": "1", "CLICOLOR": "0"], true, true), (["TERM": "dumb"], true, false),
            (["CLICOLOR_FORCE": "1", "NO_COLOR": "1"], true, false),
        ] as [([String: String], Bool, Bool)])
    func colours(environment: [String: String], isTerminal: Bool, expected: Bool) {
        #expect(traits(environment, isTerminal: isTerminal).showsColours == expected)
    }

    @Test(
        "lines are rewritten on terminals, and not in notebooks, which have a terminal too",
        arguments: [
            ([:], true, true), ([:], false, false), (["TERM": "dumb"], true, false),
            (["TERM": "xterm-256color"], true, true), (["JPY_PARENT_PID": "17"], true, false),
            (["COLAB_RELEASE_TAG": "release-colab"], true, false), (["JPY_PARENT_PID": ""], true, true),
            (["CLICOLOR_FORCE": "1"], false, false),
        ] as [([String: String], Bool, Bool)])
    func rewriting(environment: [String: String], isTerminal: Bool, expected: Bool) {
        #expect(traits(environment, isTerminal: isTerminal).rewritesLines == expected)
    }

    @Test(
        "COLUMNS wins over the terminal's width where it is a number of columns",
        arguments: [("40", 40), ("", 120), ("0", 120), ("-3", 120), ("wide", 120), ("99999999999999999999", 120)])
    func columns(value: String, expected: Int) {
        #expect(traits(["COLUMNS": value]).columns == expected)
        #expect(OutputTraits(isTerminal: false, width: nil, environment: [:]).columns == nil)
    }
}
