/// The tokens of words that were split before; they are forgotten, all together, when there are too many.
final class WordCache {
    /// A token and its bytes in the word.
    struct Token {
        let id: Int32
        let start: Int32
        let end: Int32
    }

    private struct Slot {
        /// 0 where no word is.
        var hash: UInt64 = 0
        var word: Int32 = 0
        var length: Int32 = 0
        var first: Int32 = 0
        var count: Int32 = 0
    }

    /// Longer words hardly ever come back.
    static let longestWord = 96
    private static let wordLimit = 1 << 13

    private var slots = [Slot](repeating: Slot(), count: 256)
    private var count = 0
    private var bytes: [UInt8] = []
    private var tokens: [Token] = []
    /// Keeps others from choosing words that meet in the table.
    private let seed = UInt64.random(in: .min ... .max)
    /// Whose tokens they are.
    private var model: AnyObject?

    /// Calls `body` with the tokens of a word, which `make` gives for a new one.
    ///
    /// - Parameter word: `length` bytes, 1 to `longestWord`; 7 bytes more must be readable.
    @inline(__always)
    func forEachToken(
        _ word: UnsafePointer<UInt8>, _ length: Int, of model: AnyObject,
        make: ((Int32, Int, Int) -> Void) -> Void, _ body: (Token) -> Void
    ) {
        if self.model !== model { clear(for: model) }
        let hash = hash(word, length)
        var place = find(hash, word, length)
        if slots[place].hash == 0 {
            if count * 2 >= slots.count {
                grow()
                place = find(hash, word, length)
            }
            slots[place] = Slot(
                hash: hash, word: Int32(bytes.count), length: Int32(length), first: Int32(tokens.count))
            bytes.append(contentsOf: UnsafeBufferPointer(start: word, count: length))
            make { tokens.append(Token(id: $0, start: Int32($1), end: Int32($2))) }
            slots[place].count = Int32(tokens.count) - slots[place].first
            count += 1
        }
        let slot = slots[place]
        for token in tokens[Int(slot.first)..<Int(slot.first + slot.count)] { body(token) }
    }

    /// Where a word is, or the free place where it belongs.
    private func find(_ hash: UInt64, _ word: UnsafePointer<UInt8>, _ length: Int) -> Int {
        // Looked up once: in an object that is a check for every element.
        let (slots, bytes) = (slots, bytes)
        let mask = slots.count - 1
        var place = Int(truncatingIfNeeded: hash >> 8) & mask
        while slots[place].hash != 0 {
            let slot = slots[place]
            if slot.hash == hash && Int(slot.length) == length {
                let start = Int(slot.word)
                if (0..<length).allSatisfy({ bytes[start + $0] == word[$0] }) { return place }
            }
            place = (place + 1) & mask
        }
        return place
    }

    private func grow() {
        if count >= Self.wordLimit { return clear(for: model) }
        var grown = [Slot](repeating: Slot(), count: slots.count * 2)
        for slot in slots where slot.hash != 0 {
            var place = Int(truncatingIfNeeded: slot.hash >> 8) & (grown.count - 1)
            while grown[place].hash != 0 { place = (place + 1) & (grown.count - 1) }
            grown[place] = slot
        }
        slots = grown
    }

    private func clear(for model: AnyObject?) {
        self.model = model
        for place in slots.indices { slots[place].hash = 0 }
        count = 0
        bytes.removeAll(keepingCapacity: true)
        tokens.removeAll(keepingCapacity: true)
    }

    private func hash(_ word: UnsafePointer<UInt8>, _ length: Int) -> UInt64 {
        var hash = seed &+ UInt64(length)
        for start in stride(from: 0, to: length, by: 8) {
            var eight = UInt64(littleEndian: UnsafeRawPointer(word + start).loadUnaligned(as: UInt64.self))
            if length - start < 8 { eight &= ~0 >> UInt64(64 - 8 * (length - start)) }
            let product = (hash ^ eight).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
            hash = product.high ^ product.low
        }
        return hash | 1
    }
}
