import Files
import Foundation

/// The terminal in front of the user: reads lines with editing and history.
package final class Terminal {
    /// What the user entered at a prompt.
    package enum Input: Equatable {
        /// A line.
        case line(String)
        /// Ctrl-C.
        case cancelled
        /// Ctrl-D, or the end of standard input.
        case end
    }

    private var history: [String] = []
    /// How the terminal was; nil if it cannot be changed.
    private let before: termios?

    /// Takes the keyboard over until this object is gone: between two prompts too, since a key pressed while the model
    /// works would otherwise be swallowed by the line discipline (Ctrl-D) or end the program (Ctrl-C).
    package init() {
        var current = termios()
        guard tcgetattr(STDIN_FILENO, &current) == 0 else {
            before = nil
            return
        }
        var raw = current
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
        raw.c_iflag &= ~tcflag_t(ICRNL | IXON)
        // Draining, not flushing: what was typed or pasted ahead is kept.
        before = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0 ? current : nil
    }

    deinit {
        if var before { tcsetattr(STDIN_FILENO, TCSADRAIN, &before) }
    }

    /// Whether both ends of the conversation are a terminal.
    package static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

    /// Asks for a line.
    package func read(prompt: String) -> Input {
        guard before != nil else { return readPlain(prompt) }
        var editor = LineEditor(history: history)
        draw(editor, prompt)
        while true {
            var byte: UInt8 = 0
            let count = Foundation.read(STDIN_FILENO, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else { return finish(.end) }
            switch editor.feed(byte) {
            case .editing: draw(editor, prompt)
            case .cancelled:
                show("^C")
                return finish(.cancelled)
            case .end: return finish(.end)
            case .line(let line):
                if !line.allSatisfy(\.isWhitespace), line != history.last { history.append(line) }
                return finish(.line(line))
            }
        }
    }

    private func readPlain(_ prompt: String) -> Input {
        show(prompt)
        return readLine(strippingNewline: true).map(Input.line) ?? .end
    }

    private func finish(_ input: Input) -> Input {
        show("\r\n")
        return input
    }

    /// Writes the line anew. The part before the cursor is written twice: the terminal then knows where the cursor is,
    /// however wide its letters are.
    private func draw(_ editor: LineEditor, _ prompt: String) {
        let columns = OutputTraits(descriptor: STDOUT_FILENO).columns ?? 80
        let room = max(8, columns - prompt.count - 1)
        let first = max(0, editor.cursor - room + 1)
        let seen = editor.text[first..<min(editor.text.count, first + room)]
        let before = seen.prefix(editor.cursor - first)
        show("\r\u{1B}[K\(prompt)\(String(seen))\r\(prompt)\(String(before))")
    }

    /// What a terminal that is gone does not show is lost; the next read ends the conversation.
    private func show(_ text: String) {
        try? StandardOutput.write(text)
    }
}
