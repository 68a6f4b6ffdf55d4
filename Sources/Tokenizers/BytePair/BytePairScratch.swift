/// Working memory of byte pair encoding; use one from one thread at a time.
final class BytePairScratch {
    let chain = PieceChain()
    /// The letters of a word whose vocabulary spells bytes, and the byte that each byte of them stands for.
    private(set) var spelling: [UInt8] = []
    private var sources: [Int32] = []
    private var spaced: [UInt8] = []
    /// The tokens of words that were split before.
    let cache = WordCache()

    /// Spells a word in the letters of `ByteAlphabet`.
    func spell(_ word: UnsafeBufferPointer<UInt8>) {
        spelling.removeAll(keepingCapacity: true)
        sources.removeAll(keepingCapacity: true)
        for (place, byte) in word.enumerated() {
            UTF8Scalars.encode(ByteAlphabet.letters[Int(byte)]) {
                spelling.append($0)
                sources.append(Int32(truncatingIfNeeded: place))
            }
        }
    }

    /// Calls `body` with a space and the bytes behind it; as behind a `NormalisedText`, more can be read.
    func withSpace(before bytes: UnsafePointer<UInt8>, _ count: Int, _ body: (UnsafePointer<UInt8>) -> Void) {
        spaced.removeAll(keepingCapacity: true)
        spaced.append(0x20)
        spaced.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
        spaced.append(contentsOf: repeatElement(0, count: WordTable.readable))
        spaced.withUnsafeBufferPointer { buffer in
            if let start = buffer.baseAddress { body(start) }
        }
    }

    /// The byte of the word that a byte of its spelling stands for.
    func source(_ place: Int) -> Int { Int(sources[place]) }
}
