/// What a file's offsets count. SQuAD's count Unicode scalars, as Python does; tools in other languages count
/// otherwise.
public struct OffsetUnit: Sendable, Hashable, CustomStringConvertible {
    /// What a character counts.
    package enum Encoding: String, Sendable, Hashable {
        /// One.
        case characters
        /// One, or two outside Unicode's first 65,536 (emoji): JavaScript, Java, C#.
        case utf16
        /// Its bytes in UTF-8: C, Go, Rust.
        case bytes
    }

    /// What the end of a line counts.
    package enum LineEnds: String, Sendable, Hashable {
        /// Each of its characters.
        case asWritten = "as_written"
        /// CR LF counts as one: the offsets are those of a text with LF.
        case crlfAsOne = "crlf_as_one"
        /// LF alone counts as two: the offsets are those of a text with CR LF.
        case lfAsTwo = "lf_as_two"
    }

    let encoding: Encoding
    let lineEnds: LineEnds

    /// SQuAD's own.
    public static let characters = OffsetUnit(encoding: .characters, lineEnds: .asWritten)

    /// All that are looked for, the likely ones first.
    static let all: [OffsetUnit] = [LineEnds.asWritten, .crlfAsOne, .lfAsTwo].flatMap { lineEnds in
        [Encoding.characters, .utf16, .bytes].map { OffsetUnit(encoding: $0, lineEnds: lineEnds) }
    }

    /// How many of them differ in what characters count, and not in line ends.
    fileprivate static let encodings = 3

    /// The name in JSON output.
    public var name: String {
        lineEnds == .asWritten ? encoding.rawValue : "\(encoding.rawValue)_\(lineEnds.rawValue)"
    }

    /// The name in messages.
    public var description: String {
        let unit =
            switch encoding {
            case .characters: "characters"
            case .utf16: "UTF-16 units"
            case .bytes: "bytes of UTF-8"
            }
        return switch lineEnds {
        case .asWritten: unit
        case .crlfAsOne: "\(unit) with CR LF as one"
        case .lfAsTwo: "\(unit) with each LF as two"
        }
    }

    /// What a character counts.
    ///
    /// - Parameters:
    ///   - previous, next: the characters beside it.
    fileprivate func width(
        of scalar: Unicode.Scalar, after previous: Unicode.Scalar?, before next: Unicode.Scalar?
    ) -> Int {
        if lineEnds == .crlfAsOne, scalar == "\r", next == "\n" { return 0 }
        if lineEnds == .lfAsTwo, scalar == "\n", previous != "\r" { return 2 }
        switch encoding {
        case .characters: return 1
        case .utf16: return UTF16.width(scalar)
        case .bytes: return UTF8.width(scalar)
        }
    }
}

/// Finds the characters of a text at offsets of any unit.
struct OffsetMap {
    /// The offset of each character in the unit, and that of the end; nil if the unit counts this text's characters
    /// as one each.
    private let offsets: [Int]?
    private let count: Int

    init(_ text: [Unicode.Scalar], unit: OffsetUnit) {
        count = text.count
        guard unit != .characters else {
            offsets = nil
            return
        }
        var (offsets, sum, isPlain) = ([Int](), 0, true)
        offsets.reserveCapacity(text.count + 1)
        for index in text.indices {
            offsets.append(sum)
            let width = unit.width(
                of: text[index], after: index > 0 ? text[index - 1] : nil,
                before: index + 1 < text.count ? text[index + 1] : nil)
            sum += width
            isPlain = isPlain && width == 1
        }
        offsets.append(sum)
        self.offsets = isPlain ? nil : offsets
    }

    /// The characters that are at an offset: none inside a character, two at a CR LF that counts as one.
    func characters(at offset: Int) -> Range<Int> {
        guard offset >= 0 else { return 0..<0 }
        guard let offsets else { return offset <= count ? offset..<(offset + 1) : 0..<0 }
        var (low, high) = (0, offsets.count)
        while low < high {
            let middle = (low + high) / 2
            if offsets[middle] < offset { low = middle + 1 } else { high = middle }
        }
        var end = low
        while end < offsets.count, offsets[end] == offset { end += 1 }
        return low..<end
    }
}

/// Finds out what a file's offsets count: the unit in which every answer is at its offset that is so in any unit.
///
/// Answers that fit no unit are broken by themselves and say nothing about the file.
package struct OffsetSurvey: Sendable {
    /// Whether each of `OffsetUnit.all` fits every answer so far that fits any.
    private var fits = OffsetUnit.all.map { _ in true }
    /// Whether two units have put every answer at the same place.
    private var agrees = OffsetUnit.all.map { _ in OffsetUnit.all.map { _ in true } }

    /// No answers yet.
    package init() {}

    /// Looks at the answers to a paragraph's questions.
    package mutating func add(_ paragraph: Paragraph) {
        // Where every unit counts the same, an offset says nothing of it.
        guard paragraph.context.utf8.contains(where: { $0 >= 0x80 || $0 == 0x0A }) else { return }
        let answers = paragraph.questions.flatMap(\.answers).filter { $0.start >= 0 && !$0.text.isEmpty }
        guard !answers.isEmpty else { return }
        let search = AnswerSearch(paragraph.context)
        // Without ends of lines they don't count otherwise.
        let lineEnds = paragraph.context.utf8.contains(0x0A) ? OffsetUnit.all.count : OffsetUnit.encodings
        var maps = OffsetUnit.all.prefix(lineEnds).map { OffsetMap(search.context, unit: $0) }
        while maps.count < OffsetUnit.all.count { maps.append(maps[maps.count - OffsetUnit.encodings]) }
        for answer in answers {
            let words = Array(answer.text.unicodeScalars)
            let places = maps.map { map in map.characters(at: answer.start).first { search.has(words, at: $0) } }
            guard places.contains(where: { $0 != nil }) else { continue }
            for (index, place) in places.enumerated() {
                if place == nil { fits[index] = false }
                for (other, second) in places.enumerated() where second != place { agrees[index][other] = false }
            }
        }
    }

    /// The unit of the file; characters where they fit, where no unit does, and where several do that mean other
    /// places.
    package var unit: OffsetUnit {
        let fitting = OffsetUnit.all.indices.filter { fits[$0] }
        guard let first = fitting.first, fitting.allSatisfy({ agrees[first][$0] }) || first == 0 else {
            return .characters
        }
        return OffsetUnit.all[first]
    }
}
