/// One line being typed: what each key does to it. Pure, so that it can be tested; `Terminal` reads the keys.
package struct LineEditor {
    /// The effect of a key.
    package enum Outcome: Equatable {
        /// The line goes on.
        case editing
        /// Enter: the line is done.
        case line(String)
        /// Ctrl-C: the line is dropped.
        case cancelled
        /// Ctrl-D on an empty line.
        case end
    }

    /// The characters of the line.
    package private(set) var text: [Character] = []
    /// Where the next character goes.
    package private(set) var cursor = 0
    private let history: [String]
    private var place: Int
    private var draft: [Character] = []
    private var pending: [UInt8] = []

    /// An empty line; the arrows go through `history`.
    package init(history: [String]) {
        self.history = history
        place = history.count
    }

    /// Takes one byte from the keyboard.
    package mutating func feed(_ byte: UInt8) -> Outcome {
        pending.append(byte)
        if pending[0] == 0x1B { return escape() }
        if pending[0] >= 0x80 { return scalar() }
        pending = []
        return control(byte)
    }

    private mutating func control(_ byte: UInt8) -> Outcome {
        switch byte {
        case 0x0D, 0x0A: return .line(String(text))
        case 0x03: return .cancelled
        case 0x04:
            if text.isEmpty { return .end }
            deleteForward()
        case 0x7F, 0x08: deleteBackward()
        case 0x01: cursor = 0
        case 0x05: cursor = text.count
        case 0x02: cursor = max(0, cursor - 1)
        case 0x06: cursor = min(text.count, cursor + 1)
        case 0x0B: text.removeSubrange(cursor...)
        case 0x15:
            text.removeSubrange(..<cursor)
            cursor = 0
        case 0x17: deleteWord()
        case 0x10: recall(place - 1)
        case 0x0E: recall(place + 1)
        case 0x20...0x7E: insert(Character(UnicodeScalar(byte)))
        default: break
        }
        return .editing
    }

    /// Arrow, home, end and delete keys; anything else that begins with escape is dropped once it is complete.
    private mutating func escape() -> Outcome {
        guard pending.count >= 3 else {
            if pending.count == 2, pending[1] != UInt8(ascii: "["), pending[1] != UInt8(ascii: "O") { pending = [] }
            return .editing
        }
        guard let last = pending.last, (0x40...0x7E).contains(last) else { return .editing }
        let parameter = pending.dropFirst(2).dropLast()
        pending = []
        switch (last, String(decoding: parameter, as: UTF8.self)) {
        case (UInt8(ascii: "A"), _): recall(place - 1)
        case (UInt8(ascii: "B"), _): recall(place + 1)
        case (UInt8(ascii: "C"), _): cursor = min(text.count, cursor + 1)
        case (UInt8(ascii: "D"), _): cursor = max(0, cursor - 1)
        case (UInt8(ascii: "H"), _), (UInt8(ascii: "~"), "1"), (UInt8(ascii: "~"), "7"): cursor = 0
        case (UInt8(ascii: "F"), _), (UInt8(ascii: "~"), "4"), (UInt8(ascii: "~"), "8"): cursor = text.count
        case (UInt8(ascii: "~"), "3"): deleteForward()
        default: break
        }
        return .editing
    }

    /// A letter of several bytes.
    private mutating func scalar() -> Outcome {
        let length = pending[0] >= 0xF0 ? 4 : pending[0] >= 0xE0 ? 3 : 2
        guard pending.count >= length else { return .editing }
        if let letter = String(validating: pending, as: UTF8.self) {
            for character in letter { insert(character) }
        }
        pending = []
        return .editing
    }

    private mutating func insert(_ character: Character) {
        // A mark joins the letter before it.
        if cursor > 0, case let joined = String(text[cursor - 1]) + String(character), joined.count == 1,
            let only = joined.first
        {
            text[cursor - 1] = only
            return
        }
        text.insert(character, at: cursor)
        cursor += 1
    }

    private mutating func deleteBackward() {
        guard cursor > 0 else { return }
        cursor -= 1
        text.remove(at: cursor)
    }

    private mutating func deleteForward() {
        guard cursor < text.count else { return }
        text.remove(at: cursor)
    }

    private mutating func deleteWord() {
        while cursor > 0, text[cursor - 1] == " " { deleteBackward() }
        while cursor > 0, text[cursor - 1] != " " { deleteBackward() }
    }

    private mutating func recall(_ index: Int) {
        guard (0...history.count).contains(index), index != place else { return }
        if place == history.count { draft = text }
        place = index
        text = index == history.count ? draft : Array(history[index])
        cursor = text.count
    }
}
