/// Which ids of a dataset stand more than once, by hashes of them: 64 bits a question, whatever the ids' length.
package struct RepeatedIDs: Sendable, Hashable {
    private var seen: Set<UInt64> = []
    private var again: Set<UInt64> = []
    /// The questions whose id came before.
    package private(set) var repeatedCount = 0
    /// The first id that came before.
    package private(set) var firstRepeated: QuestionID?

    /// No ids yet.
    package init() {}

    mutating func add(_ id: QuestionID) {
        let hash = Self.hash(id)
        guard !seen.insert(hash).inserted else { return }
        again.insert(hash)
        repeatedCount += 1
        if firstRepeated == nil { firstRepeated = id }
    }

    /// Drops what nobody will ask for.
    mutating func finish() {
        if again.isEmpty { seen = [] }
    }

    func mayRepeat(_ id: QuestionID) -> Bool { !again.isEmpty && again.contains(Self.hash(id)) }

    func mayContain(_ id: QuestionID) -> Bool { seen.contains(Self.hash(id)) }

    /// The same in every process, unlike Swift's own.
    ///
    /// - Source: FNV-1a with 64 bits, and the finishing steps of MurmurHash3.
    private static func hash(_ id: QuestionID) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in id.text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ hash >> 33
    }
}

/// Gives each question of a dataset, in the order of the file, a key that no other has: its id, and where that came
/// before the id with `#2`, `#3` and so on. Predictions are written and scored under these.
package struct QuestionKeys: Sendable {
    private let ids: RepeatedIDs
    private var counts: [QuestionID: Int] = [:]
    private var used: Set<QuestionID> = []

    /// Keys for the questions of the dataset with these ids.
    package init(_ ids: RepeatedIDs) { self.ids = ids }

    /// Keys for the questions of a dataset.
    package init(_ dataset: Dataset) {
        var ids = RepeatedIDs()
        for article in dataset.articles {
            for paragraph in article.paragraphs { paragraph.questions.forEach { ids.add($0.id) } }
        }
        ids.finish()
        self.init(ids)
    }

    /// The key of the next question.
    package mutating func next(_ id: QuestionID) -> QuestionID {
        guard ids.mayRepeat(id) else { return id }
        let count = counts[id, default: 0] + 1
        counts[id] = count
        guard count > 1 else { return id }
        var key = QuestionID("\(id)#\(count)")
        while ids.mayContain(key) || !used.insert(key).inserted { key = QuestionID("\(key)#") }
        return key
    }
}
