/// Finds added tokens in a text: from left to right, the longest where several begin.
struct AddedTokenMatcher: Sendable {
    /// One spelling that is looked for.
    struct Pattern: Sendable {
        var spelling: String
        let id: Int32
        /// What a find may touch and include.
        let token: AddedToken
    }

    /// A part of the text: an added token, or what lies between two.
    struct Part {
        let range: Range<Int>
        let token: Int32?
    }

    private let patterns: [Pattern]
    private let trie: ByteTrie
    private let isFirstByte: [Bool]
    private let passesOverSpecial: Bool
    let isEmpty: Bool

    /// - Parameters:
    ///   - patterns: of equal spellings the first is found; empty ones never are.
    ///   - passesOverSpecial: leaves special tokens in the text as if they were words.
    init(_ patterns: [Pattern], passesOverSpecial: Bool) throws(TokenizerError) {
        let patterns = patterns.filter { !$0.spelling.isEmpty }
        var spellings = PieceStorage()
        var first = [Bool](repeating: false, count: 256)
        for pattern in patterns {
            spellings.append(pattern.spelling.utf8)
            if let byte = pattern.spelling.utf8.first { first[Int(byte)] = true }
        }
        try spellings.checkSize("added tokens")
        trie = ByteTrie(spellings, values: Array(0..<Int32(patterns.count)), preferring: .first)
        isFirstByte = first
        isEmpty = patterns.isEmpty
        self.patterns = patterns
        self.passesOverSpecial = passesOverSpecial
    }

    /// Calls `body` with the parts of `range` in order; none is empty.
    @inline(__always)
    func forEachPart(_ bytes: UnsafePointer<UInt8>, _ range: Range<Int>, _ body: (Part) -> Void) {
        var done = range.lowerBound
        if !isEmpty {
            isFirstByte.withUnsafeBufferPointer { isFirst in
                var position = range.lowerBound
                while position < range.upperBound {
                    let found =
                        isFirst[Int(bytes[position])]
                        ? trie.longestMatch(bytes + position, range.upperBound - position, from: ByteTrie.root)
                        : (value: -1, length: 0)
                    if found.length > 0 {
                        let pattern = patterns[Int(found.value)]
                        emit(pattern, position..<position + found.length, bytes, range, &done, body)
                        position += found.length
                    } else {
                        position += 1
                    }
                }
            }
        }
        if done < range.upperBound { body(Part(range: done..<range.upperBound, token: nil)) }
    }

    private func emit(
        _ pattern: Pattern, _ match: Range<Int>, _ bytes: UnsafePointer<UInt8>, _ range: Range<Int>, _ done: inout Int,
        _ body: (Part) -> Void
    ) {
        let token = pattern.token
        if passesOverSpecial && token.isSpecial { return }
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
        body(Part(range: start..<end, token: pattern.id))
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
