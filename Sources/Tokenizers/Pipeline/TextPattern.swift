/// What `Replace` and `Split` look for: a text, or one of the simple regular expressions that tokenizers use.
enum TextPattern: Sendable {
    /// These bytes; there is at least one.
    case literal([UInt8])
    /// At least `minimum` scalars of a class, as many as there are; `nil`: each scalar by itself.
    case run(ScalarClass, minimum: Int?)

    /// Calls `body` with each place in `range` where the pattern is found, from left to right; none is empty.
    @inline(__always)
    func forEachMatch(_ bytes: UnsafePointer<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
        switch self {
        case .literal(let text):
            var position = range.lowerBound
            while position + text.count <= range.upperBound {
                if UnsafeBufferPointer(start: bytes + position, count: text.count).elementsEqual(text) {
                    body(position..<position + text.count)
                    position += text.count
                } else {
                    position += 1
                }
            }
        case .run(let members, let minimum):
            var (start, position, length) = (range.lowerBound, range.lowerBound, 0)
            while position < range.upperBound {
                let (scalar, next) = UTF8Scalars.decode(bytes, position)
                if members.contains(scalar) {
                    length += 1
                    if minimum == nil { body(position..<next) }
                } else {
                    if let minimum, length >= minimum { body(start..<position) }
                    (start, length) = (next, 0)
                }
                position = next
            }
            if let minimum, length >= minimum { body(start..<position) }
        }
    }
}

/// Some of Unicode's scalars.
struct ScalarClass: Sendable {
    /// A part of a class.
    enum Member: Sendable {
        case range(ClosedRange<UInt32>)
        /// `\s`
        case space
        /// `\w`
        case word
        /// `\d`
        case digit
    }

    var members: [Member]
    /// Whether all others are meant.
    var isNegated = false

    func contains(_ scalar: UInt32) -> Bool {
        let table = NormalisationTable.shared
        let isMember = members.contains { member in
            switch member {
            case .range(let range): range.contains(scalar)
            case .space: table.isSpace(scalar)
            case .word: table.isWord(scalar)
            case .digit: table.isDigit(scalar)
            }
        }
        return isMember != isNegated
    }
}

extension TextPattern {
    /// The pattern of a regular expression; nil if it is none of the simple ones: characters without a special meaning,
    /// or one character or class with `+` or `{n,}` or nothing behind it.
    init?(expression: String) {
        var rest = expression.unicodeScalars[...]
        var literal: [UInt8] = []
        while let atom = ScalarClass(takingFrom: &rest) {
            if rest.isEmpty, literal.isEmpty, atom.single == nil {
                self = .run(atom, minimum: nil)
                return
            }
            if let minimum = Self.quantifier(&rest) {
                guard literal.isEmpty, rest.isEmpty, minimum > 0 else { return nil }
                self = .run(atom, minimum: minimum)
                return
            }
            guard let single = atom.single else { return nil }
            UTF8Scalars.encode(single) { literal.append($0) }
            if rest.isEmpty {
                self = .literal(literal)
                return
            }
        }
        return nil
    }

    /// Takes `+` or `{n,}`: how many there must be.
    private static func quantifier(_ rest: inout Substring.UnicodeScalarView) -> Int? {
        if rest.first == "+" {
            rest.removeFirst()
            return 1
        }
        guard rest.first == "{", let end = rest.firstIndex(of: "}") else { return nil }
        let inside = String(rest[rest.startIndex..<end].dropFirst())
        guard inside.hasSuffix(","), let count = Int(inside.dropLast()) else { return nil }
        rest = rest[rest.index(after: end)...]
        return count
    }
}

extension ScalarClass {
    /// The scalar, if there is only one.
    fileprivate var single: UInt32? {
        guard !isNegated, members.count == 1, case .range(let range) = members[0], range.count == 1 else { return nil }
        return range.lowerBound
    }

    /// Takes one character or class of a regular expression; nil if something else comes.
    fileprivate init?(takingFrom rest: inout Substring.UnicodeScalarView) {
        guard let first = rest.popFirst() else { return nil }
        switch first {
        case "\\":
            guard let escaped = Self.escaped(&rest) else { return nil }
            self = escaped
        case "[":
            guard let set = Self.set(&rest) else { return nil }
            self = set
        case "^", "$", ".", "|", "?", "*", "+", "(", ")", "{", "}", "]": return nil
        default: self.init(members: [.range(first.value...first.value)])
        }
    }

    private static func escaped(_ rest: inout Substring.UnicodeScalarView) -> ScalarClass? {
        guard let scalar = rest.popFirst() else { return nil }
        switch scalar {
        case "s": return ScalarClass(members: [.space])
        case "S": return ScalarClass(members: [.space], isNegated: true)
        case "w": return ScalarClass(members: [.word])
        case "W": return ScalarClass(members: [.word], isNegated: true)
        case "d": return ScalarClass(members: [.digit])
        case "D": return ScalarClass(members: [.digit], isNegated: true)
        case "n": return ScalarClass(members: [.range(0x0A...0x0A)])
        case "r": return ScalarClass(members: [.range(0x0D...0x0D)])
        case "t": return ScalarClass(members: [.range(0x09...0x09)])
        default:
            // Other letters and digits have meanings of their own.
            guard scalar.isASCII, !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) else { return nil }
            return ScalarClass(members: [.range(scalar.value...scalar.value)])
        }
    }

    /// Takes what stands between brackets.
    private static func set(_ rest: inout Substring.UnicodeScalarView) -> ScalarClass? {
        var result = ScalarClass(members: [])
        if rest.first == "^" {
            rest.removeFirst()
            result.isNegated = true
        }
        while let scalar = rest.popFirst() {
            switch scalar {
            case "]": return result.members.isEmpty ? nil : result
            case "[", "&": return nil
            case "\\":
                guard let part = escaped(&rest), !part.isNegated else { return nil }
                result.members += part.members
            default:
                var last = scalar
                let next = rest.dropFirst().first
                if rest.first == "-", let next, next != "]" {
                    guard next != "\\", next != "[", next.value >= scalar.value else { return nil }
                    rest.removeFirst(2)
                    last = next
                }
                result.members.append(.range(scalar.value...last.value))
            }
        }
        return nil
    }
}
