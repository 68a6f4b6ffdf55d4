/// Finds added tokens in a text: from left to right, the longest where several begin.
struct AddedTokenMatcher: Sendable {
    private struct Pattern: Sendable {
        let bytes: [UInt8]
        let token: AddedToken
    }

    /// A part of the text: an added token, or what lies between two.
    struct Part {
        let range: Range<Int>
        let token: Int32?
    }

    /// Longest first.
    private let patterns: [Pattern]
    private let isFirstByte: [Bool]
    let isEmpty: Bool

    /// - Parameter spelling: what a token looks like in the text that is searched.
    init(_ tokens: [AddedToken], spelling: (AddedToken) -> String) {
        patterns =
            tokens
            .map { Pattern(bytes: Array(spelling($0).utf8), token: $0) }
            .filter { !$0.bytes.isEmpty }
            .sorted { $0.bytes.count > $1.bytes.count }
        isEmpty = patterns.isEmpty
        var first = [Bool](repeating: false, count: 256)
        for pattern in patterns { first[Int(pattern.bytes[0])] = true }
        isFirstByte = first
    }

    /// Calls `body` with the parts of `range` in order; none is empty.
    @inline(__always)
    func forEachPart(_ bytes: UnsafePointer<UInt8>, _ range: Range<Int>, _ body: (Part) -> Void) {
        var done = range.lowerBound
        if !isEmpty {
            isFirstByte.withUnsafeBufferPointer { isFirst in
                var position = range.lowerBound
                while position < range.upperBound {
                    if isFirst[Int(bytes[position])], let pattern = longest(bytes, position, range.upperBound) {
                        emit(pattern.token, position..<position + pattern.bytes.count, bytes, range, &done, body)
                        position += pattern.bytes.count
                    } else {
                        position += 1
                    }
                }
            }
        }
        if done < range.upperBound { body(Part(range: done..<range.upperBound, token: nil)) }
    }

    private func longest(_ bytes: UnsafePointer<UInt8>, _ position: Int, _ limit: Int) -> Pattern? {
        patterns.first { pattern in
            pattern.bytes.count <= limit - position
                && pattern.bytes.indices.allSatisfy { pattern.bytes[$0] == bytes[position + $0] }
        }
    }

    private func emit(
        _ token: AddedToken, _ match: Range<Int>, _ bytes: UnsafePointer<UInt8>, _ range: Range<Int>, _ done: inout Int,
        _ body: (Part) -> Void
    ) {
        if token.singleWord && touchesWord(match, bytes, range) { return }
        var (start, end) = (match.lowerBound, match.upperBound)
        if token.stripsLeft {
            while start > range.lowerBound {
                let before = UTF8Scalars.start(before: start, bytes)
                if !isWhite(UTF8Scalars.decode(bytes, before).scalar) { break }
                start = before
            }
            start = max(start, done)
        }
        if token.stripsRight {
            while end < range.upperBound {
                let (scalar, next) = UTF8Scalars.decode(bytes, end)
                if !isWhite(scalar) { break }
                end = next
            }
        }
        if done < start { body(Part(range: done..<start, token: nil)) }
        body(Part(range: start..<end, token: token.id))
        done = end
    }

    private func touchesWord(_ match: Range<Int>, _ bytes: UnsafePointer<UInt8>, _ range: Range<Int>) -> Bool {
        let table = UnicodeTable.shared
        if match.lowerBound > range.lowerBound {
            let before = UTF8Scalars.start(before: match.lowerBound, bytes)
            if table.isWord(UTF8Scalars.decode(bytes, before).scalar) { return true }
        }
        return match.upperBound < range.upperBound && table.isWord(UTF8Scalars.decode(bytes, match.upperBound).scalar)
    }

    private func isWhite(_ scalar: UInt32) -> Bool { UnicodeTable.shared.traits(scalar).contains(.white) }
}
