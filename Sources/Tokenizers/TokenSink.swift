/// Tokens as they are found; memory for the worst case is requested once per piece of text, not per token.
final class TokenSink {
    private var ids: UnsafeMutablePointer<Int32>
    private var offsets: UnsafeMutablePointer<Range<Int32>>
    private var capacity = 1024
    private(set) var count = 0
    /// The positions of tokens that were found in the text as a whole, in order.
    private(set) var addedPositions: [Int] = []
    /// How many tokens there are up to the end of each word that was marked.
    private(set) var wordEnds: [Int] = []
    /// Working memory of byte pair encoding.
    private(set) lazy var bytePair = BytePairScratch()
    /// Working memory of Unigram.
    private(set) lazy var unigram = UnigramScratch()

    /// What the unknown tokens stand for, by their positions; nil unless somebody wants to know.
    var unknownSpellings: [Int: String]?

    init() {
        ids = .allocate(capacity: capacity)
        offsets = .allocate(capacity: capacity)
    }

    deinit {
        ids.deallocate()
        offsets.deallocate()
    }

    func reset() {
        count = 0
        addedPositions.removeAll(keepingCapacity: true)
        wordEnds.removeAll(keepingCapacity: true)
    }

    /// Makes room for `extra` more tokens.
    func reserve(_ extra: Int) {
        guard count + extra > capacity else { return }
        let size = max(capacity * 2, count + extra)
        let newIDs = UnsafeMutablePointer<Int32>.allocate(capacity: size)
        let newOffsets = UnsafeMutablePointer<Range<Int32>>.allocate(capacity: size)
        newIDs.moveInitialize(from: ids, count: count)
        newOffsets.moveInitialize(from: offsets, count: count)
        ids.deallocate()
        offsets.deallocate()
        (ids, offsets, capacity) = (newIDs, newOffsets, size)
    }

    /// Appends a token; the room must be reserved.
    @inline(__always)
    func append(_ id: Int32, _ range: Range<Int32>) {
        (ids + count).initialize(to: id)
        (offsets + count).initialize(to: range)
        count += 1
    }

    /// Notes that a word ends here.
    func endWord() { wordEnds.append(count) }

    /// Appends a token that was found as a whole.
    func append(added id: Int32, _ range: Range<Int32>) {
        reserve(1)
        addedPositions.append(count)
        append(id, range)
    }

    /// Appends a token for text that the vocabulary cannot spell.
    func append(unknown id: Int32, spelled text: UnsafeBufferPointer<UInt8>, _ range: Range<Int32>) {
        unknownSpellings?[count] = String(decoding: text, as: UTF8.self)
        append(id, range)
    }

    /// Takes back what came after the first `count` tokens.
    func truncate(to count: Int) { self.count = count }

    /// Gives each token another range.
    @inline(__always)
    func mapOffsets(_ body: (_ index: Int, _ id: Int32, _ range: Range<Int32>) -> Range<Int32>) {
        for index in 0..<count { offsets[index] = body(index, ids[index], offsets[index]) }
    }

    func tokens() -> TokenizedText {
        TokenizedText(
            ids: Array(UnsafeBufferPointer(start: ids, count: count)),
            offsets: Array(UnsafeBufferPointer(start: offsets, count: count)), addedPositions: addedPositions,
            wordEnds: wordEnds)
    }
}
