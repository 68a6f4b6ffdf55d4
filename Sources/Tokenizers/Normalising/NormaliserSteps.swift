/// `Lowercase`: every scalar in lower case, without regard to its neighbours.
struct LowercaseStep: NormaliserStep {
    func apply(_ input: NormalisedText, into output: NormalisedText) -> Bool {
        let table = UnicodeTable.shared
        output.reset(base: Int(input.base), reserving: input.count + 16)
        output.leaveIdentity()
        input.forEachScalar(in: 0..<input.count) { scalar, start, end in
            let source = input.source(start, end)
            if table.traits(scalar).contains(.lowers) {
                table.lowercase(scalar) { output.append(scalar: $0, source.lowerBound, source.upperBound) }
            } else {
                output.append(scalar: scalar, source.lowerBound, source.upperBound)
            }
        }
        return true
    }
}

/// `BertNormalizer` among other steps.
struct BertStep: NormaliserStep {
    let engine: NormaliserEngine

    func apply(_ input: NormalisedText, into output: NormalisedText) -> Bool {
        let bytes = UnsafeBufferPointer(start: UnsafePointer(input.bytes), count: input.count)
        engine.normalise(bytes, 0..<input.count, into: output)
        output.follow(input)
        return true
    }
}

/// `StripAccents` and a part of `Nmt`: some scalars are removed.
struct RemovalStep: NormaliserStep {
    let removes: @Sendable (UInt32) -> Bool

    /// Removes combining marks; text that is to lose its accents is decomposed before.
    static let accents = RemovalStep { NormalisationTable.shared.isMark($0) }

    func apply(_ input: NormalisedText, into output: NormalisedText) -> Bool {
        output.reset(base: Int(input.base), reserving: input.count)
        input.forEachScalar(in: 0..<input.count) { scalar, start, end in
            if !removes(scalar) { output.append(input, start..<end) }
        }
        return output.count < input.count
    }
}

/// `Nmt`, of sentencepiece's models for translation: control characters are removed, odd white space becomes a space.
///
/// - Source: `do_nmt` of tokenizers 0.23.1 (`tokenizers/src/normalizers/unicode.rs`).
struct NmtStep: NormaliserStep {
    func apply(_ input: NormalisedText, into output: NormalisedText) -> Bool {
        output.reset(base: Int(input.base), reserving: input.count)
        var isChanged = false
        input.forEachScalar(in: 0..<input.count) { scalar, start, end in
            switch scalar {
            case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: isChanged = true
            case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD:
                isChanged = true
                output.append([0x20], from: input.source(start, end))
            default: output.append(input, start..<end)
            }
        }
        return isChanged
    }
}

/// `Strip`: the white space at the ends is removed.
struct StripStep: NormaliserStep {
    let left: Bool
    let right: Bool

    func apply(_ input: NormalisedText, into output: NormalisedText) -> Bool {
        let bytes = UnsafePointer(input.bytes)
        let table = UnicodeTable.shared
        var (start, end) = (0, input.count)
        while left && start < end {
            let (scalar, next) = UTF8Scalars.decode(bytes, start)
            if !table.traits(scalar).contains(.white) { break }
            start = next
        }
        while right && end > start {
            let before = UTF8Scalars.start(before: end, bytes)
            if !table.traits(UTF8Scalars.decode(bytes, before).scalar).contains(.white) { break }
            end = before
        }
        if end - start == input.count { return false }
        output.reset(base: Int(input.base), reserving: end - start)
        output.append(input, start..<end)
        return true
    }
}

/// `Prepend`: a text that is not empty gets another one before it.
struct PrependStep: NormaliserStep {
    let text: [UInt8]

    func apply(_ input: NormalisedText, into output: NormalisedText) -> Bool {
        guard input.count > 0, !text.isEmpty else { return false }
        let next = UTF8Scalars.decode(UnsafePointer(input.bytes), 0).next
        output.reset(base: Int(input.base), reserving: input.count + text.count)
        output.append(text, from: input.source(0, next))
        output.append(input, 0..<input.count)
        return true
    }
}

/// `Replace`: what a pattern finds becomes another text.
struct ReplaceStep: NormaliserStep {
    let pattern: TextPattern
    let replacement: [UInt8]

    func apply(_ input: NormalisedText, into output: NormalisedText) -> Bool {
        output.reset(base: Int(input.base), reserving: input.count + 16)
        let bytes = UnsafePointer(input.bytes)
        var done = 0
        pattern.forEachMatch(bytes, 0..<input.count) { match in
            output.append(input, done..<match.lowerBound)
            // The library gives the new text the source of the last scalar that it replaces.
            let last = UTF8Scalars.start(before: match.upperBound, bytes)
            output.append(replacement, from: input.source(last, match.upperBound))
            done = match.upperBound
        }
        if done == 0 { return false }
        output.append(input, done..<input.count)
        return true
    }
}
