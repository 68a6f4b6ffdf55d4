extension CharacterMap: NormaliserStep {
    /// Replaces what the map holds, grapheme cluster by grapheme cluster, as the library does: a cluster of fewer than
    /// 6 bytes as a whole if the map knows how it begins, otherwise each of its scalars by itself.
    ///
    /// - Source: `Precompiled` of tokenizers 0.23.1 (`tokenizers/src/normalizers/precompiled.rs`).
    func apply(_ input: NormalisedText, into output: NormalisedText) -> Bool {
        output.reset(base: Int(input.base), reserving: input.count + 16)
        if !input.isIdentity { output.leaveIdentity() }
        var rewriting = Rewriting(input, output)
        let bytes = UnsafePointer(input.bytes)
        asciiMap.withUnsafeBufferPointer { map in
            replacements.withUnsafeBufferPointer { replacements in
                var position = 0
                while position < input.count {
                    position = rewriting.mapASCII(position, map)
                    if position == input.count { break }
                    let end = GraphemeTable.shared.clusterEnd(bytes, position, input.count)
                    if end - position < 6, let found = replacement(bytes + position, end - position) {
                        rewriting.replace(position..<end, by: UnsafeBufferPointer(rebasing: replacements[found]))
                    } else {
                        replaceScalars(position..<end, &rewriting, replacements)
                    }
                    position = end
                }
            }
        }
        return rewriting.isChanged
    }

    private func replaceScalars(
        _ range: Range<Int>, _ rewriting: inout Rewriting, _ replacements: UnsafeBufferPointer<UInt8>
    ) {
        let bytes = UnsafePointer(rewriting.input.bytes)
        var position = range.lowerBound
        while position < range.upperBound {
            let end = position + UTF8Scalars.length(bytes[position])
            if let found = replacement(bytes + position, end - position) {
                rewriting.replace(position..<end, by: UnsafeBufferPointer(rebasing: replacements[found]))
            } else {
                rewriting.keep(position..<end)
            }
            position = end
        }
    }
}

/// A text that is rewritten from left to right, with the positions that the library gives.
///
/// The library writes down how many scalars each new scalar takes the place of, and hands out positions afterwards.
/// Three things follow that look odd: scalars that are added get the position of the last one that was replaced; what
/// is removed counts for the scalar before it, and moves that one's position if it was an added one; and scalars that
/// are removed at the very beginning of the text are forgotten, so that all positions behind them come too early.
///
/// - Source: `replace` of `precompiled.rs` and `NormalizedString::transform_range` of tokenizers 0.23.1.
private struct Rewriting {
    let input: NormalisedText
    let output: NormalisedText
    /// The first byte of the input that no scalar has taken the place of. Behind the byte that is read, if scalars were
    /// removed at the beginning.
    private var next = 0
    /// The position of the last scalar that was taken the place of.
    private var last: Range<Int32> = 0..<0
    /// Whether the last scalar of the output was added beside others.
    private var endsWithAdded = false
    /// Whether anything was replaced.
    private(set) var isChanged = false

    init(_ input: NormalisedText, _ output: NormalisedText) {
        self.input = input
        self.output = output
    }

    /// Maps ASCII characters as long as another one follows, so that each is a cluster; returns the position behind.
    @inline(__always)
    mutating func mapASCII(_ start: Int, _ map: UnsafeBufferPointer<UInt8>) -> Int {
        // Every byte that is written came from one byte; otherwise positions have to be looked up one by one.
        guard output.isIdentity else { return mapASCIIWithPositions(start, map) }
        let source = UnsafePointer(input.bytes)
        let target = output.bytes
        let end = input.count
        var position = start
        while position < end {
            let mapped = map[Int(source[position])]
            if mapped == CharacterMap.notOneByte || position + 1 < end && source[position + 1] >= 0x80 { break }
            if mapped != source[position] { isChanged = true }
            target[position] = mapped
            position += 1
        }
        output.advanceIdentity(position - start)
        next = position
        return position
    }

    private mutating func mapASCIIWithPositions(_ start: Int, _ map: UnsafeBufferPointer<UInt8>) -> Int {
        let source = UnsafePointer(input.bytes)
        let end = input.count
        output.reserve(end - start)
        var position = start
        while position < end {
            let mapped = map[Int(source[position])]
            if mapped == CharacterMap.notOneByte || position + 1 < end && source[position + 1] >= 0x80 { break }
            if mapped != source[position] { isChanged = true }
            take()
            output.append(mapped, last.lowerBound, last.upperBound)
            position += 1
        }
        if position > start { endsWithAdded = false }
        return position
    }

    /// Takes the place of the next scalar of the input.
    @inline(__always)
    private mutating func take() {
        let end = next + UTF8Scalars.length(input.bytes[next])
        last = input.source(next, end)
        next = end
    }

    /// Leaves a scalar as it is.
    mutating func keep(_ range: Range<Int>) {
        output.reserve(range.count)
        if output.isIdentity {
            for position in range { output.bytes[position] = input.bytes[position] }
            output.advanceIdentity(range.count)
            next = range.upperBound
        } else {
            take()
            for position in range { output.append(input.bytes[position], last.lowerBound, last.upperBound) }
        }
        endsWithAdded = false
    }

    /// Puts `new` in the place of the scalars in `old`.
    mutating func replace(_ old: Range<Int>, by new: UnsafeBufferPointer<UInt8>) {
        isChanged = true
        output.leaveIdentity()
        var left = UTF8Scalars.count(UnsafePointer(input.bytes) + old.lowerBound, old.count)
        if new.isEmpty { return remove(left) }
        output.reserve(new.count)
        var position = 0
        while position < new.count {
            endsWithAdded = left == 0
            if left > 0 {
                take()
                left -= 1
            }
            let end = position + UTF8Scalars.length(new[position])
            while position < end {
                output.append(new[position], last.lowerBound, last.upperBound)
                position += 1
            }
        }
        pass(left)
    }

    /// Skips scalars of the input that were replaced together with the last one.
    private mutating func pass(_ count: Int) {
        for _ in 0..<count { take() }
    }

    private mutating func remove(_ count: Int) {
        guard output.count > 0 else { return }
        take()
        if endsWithAdded {
            output.moveLastScalar(to: last)
            endsWithAdded = false
        }
        pass(count - 1)
    }
}

extension NormalisedText {
    /// Gives the last scalar another position.
    fileprivate func moveLastScalar(to source: Range<Int32>) {
        for place in UTF8Scalars.start(before: count, UnsafePointer(bytes))..<count {
            starts[place] = source.lowerBound
            ends[place] = source.upperBound
        }
    }
}
