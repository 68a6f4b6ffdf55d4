import Files
import SQuAD
import StrictJSON

/// The files that a run of `predict` writes.
package struct PredictionFiles: Sendable {
    /// The answers: `{"id": "text"}`, by id.
    package let answers: String
    /// How likely each question is to have no answer: `{"id": probability}`, in the order of the dataset; nil for none.
    package let noAnswer: String?
    /// The candidates of each question, in the order of the dataset; nil for none.
    package let best: String?

    /// Files at these paths.
    package init(answers: String, noAnswer: String? = nil, best: String? = nil) {
        (self.answers, self.noAnswer, self.best) = (answers, noAnswer, best)
    }

    /// The files with what is in them.
    var kinds: [(path: String, kind: ShardRecord.Kind)] {
        [(answers, .answers)] + (noAnswer.map { [($0, .noAnswer)] } ?? []) + (best.map { [($0, .best)] } ?? [])
    }

    /// Writes each file from a progress file, whole or not at all.
    ///
    /// - Parameter sortBudget: bytes of answers that are sorted in memory at a time.
    package func write(from progress: PredictionProgress, sortBudget: Int = 32 << 20) throws(FileError) {
        try progress.synchronize()
        var sorter = try AnswerSorter(output: answers, budget: sortBudget)
        try Self.forEachRecord(of: progress) { record throws(FileError) in try sorter.add(record.id, record.answer) }
        try sorter.finish()
        if let noAnswer {
            try FileOutput.writeObject(to: noAnswer) { add in
                try Self.forEachRecord(of: progress) { record throws(FileError) in
                    try add(record.id, .double(record.noAnswerProbability))
                }
            }
        }
        if let best {
            try FileOutput.writeObject(to: best) { add in
                try Self.forEachRecord(of: progress) { record throws(FileError) in
                    try add(record.id, record.candidates)
                }
            }
        }
    }

    private static func forEachRecord(
        of progress: PredictionProgress, _ body: (PredictionRecord) throws(FileError) -> Void
    ) throws(FileError) {
        var lines = try JSONLines(path: progress.path)
        _ = lines.next()
        while let line = lines.next(), let record = PredictionRecord(line) { try body(record) }
    }
}

/// Sorts answers by id on the disk: as many as the memory may hold at a time, each lot into a file, and then the files
/// together.
package struct AnswerSorter {
    private let output: String
    private let folder: String
    private let budget: Int
    private var lot: [QuestionID: String] = [:]
    private var bytes = 0
    private var files: [String] = []

    /// What a dictionary takes for an entry besides its letters, in bytes, about.
    private static let overhead = 100

    package init(output: String, budget: Int) throws(FileError) {
        (self.output, self.budget) = (output, budget)
        folder = try OutputStreams.companion(of: output, ".sorting")
        // What a run that was killed had begun.
        try DurableFiles.remove(folder)
    }

    /// Of several answers to one id the last one counts.
    package mutating func add(_ id: String, _ answer: String) throws(FileError) {
        lot[QuestionID(id)] = answer
        bytes += id.utf8.count + answer.utf8.count + Self.overhead
        if bytes >= budget { try spill() }
    }

    /// Writes the output.
    package mutating func finish() throws(FileError) {
        guard !files.isEmpty else { return try write(to: output) }
        if !lot.isEmpty { try spill() }
        let files = files
        try FileOutput.writeObject(to: output) { add in try SortedMembers.merge(files, add) }
        try DurableFiles.remove(folder)
    }

    private mutating func spill() throws(FileError) {
        try DurableFiles.makeDirectory(folder)
        let file = "\(folder)/\(files.count)"
        try write(to: file)
        files.append(file)
        (lot, bytes) = ([:], 0)
    }

    private func write(to path: String) throws(FileError) {
        let sorted = lot.sorted { SortedMembers.precedes($0.key.text, $1.key.text) }
        try FileOutput.writeObject(to: path) { add in
            for (id, answer) in sorted { try add(id.text, .string(answer)) }
        }
    }
}

/// Files of JSON objects whose members are sorted by the bytes of their keys.
enum SortedMembers {
    /// Whether one key comes before another.
    static func precedes(_ one: String, _ other: String) -> Bool { one.utf8.lexicographicallyPrecedes(other.utf8) }

    /// Hands the members of all files to `add` in their order. Of members with one key the one of the last file counts.
    static func merge(_ paths: [String], _ add: (String, JSONValue) throws(FileError) -> Void) throws(FileError) {
        var streams: [MemberStream] = []
        var heap = MemberHeap()
        for (file, path) in paths.enumerated() {
            var stream = try MemberStream(path: path)
            if let (key, value) = try stream.next() { heap.insert(MemberHeap.Head(key: key, value: value, file: file)) }
            streams.append(stream)
        }
        while let head = heap.removeFirst() {
            if let (key, value) = try streams[head.file].next() {
                heap.insert(MemberHeap.Head(key: key, value: value, file: head.file))
            }
            // Of equal keys the last file's comes last.
            if let next = heap.first, next.key.utf8.elementsEqual(head.key.utf8) { continue }
            try add(head.key, head.value)
        }
    }
}

/// The next member of each file, the one that comes first on top.
private struct MemberHeap {
    struct Head {
        let key: String
        let value: JSONValue
        let file: Int

        func precedes(_ other: Head) -> Bool {
            if SortedMembers.precedes(key, other.key) { return true }
            return file < other.file && key.utf8.elementsEqual(other.key.utf8)
        }
    }

    private var heads: [Head] = []

    var first: Head? { heads.first }

    mutating func insert(_ head: Head) {
        heads.append(head)
        var place = heads.count - 1
        while place > 0, heads[place].precedes(heads[(place - 1) / 2]) {
            heads.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    mutating func removeFirst() -> Head? {
        guard let last = heads.popLast() else { return nil }
        guard let first = heads.first else { return last }
        heads[0] = last
        var place = 0
        while true {
            let children = [2 * place + 1, 2 * place + 2].filter { $0 < heads.count }
            guard let child = children.min(by: { heads[$0].precedes(heads[$1]) }), heads[child].precedes(heads[place])
            else { return first }
            heads.swapAt(place, child)
            place = child
        }
    }
}

/// The members of the JSON object that a file holds, one after another.
struct MemberStream {
    private let file: MappedFile
    private var reader: JSONReader
    private var isFirst = true
    private var isAtEnd = false
    private var released = 0

    /// - Throws: `FileError` for a file that cannot be read; `next` for one that is not an object.
    init(path: String) throws(FileError) {
        file = try MappedFile(path: path)
        reader = JSONReader(file.bytes)
    }

    /// The next member; nil at the end.
    mutating func next() throws(FileError) -> (key: String, value: JSONValue)? {
        defer { withExtendedLifetime(file) {} }
        guard !isAtEnd else { return nil }
        do {
            if isFirst { try reader.beginObject() }
            guard let key = try reader.nextKey(first: isFirst) else {
                try reader.end()
                isAtEnd = true
                return nil
            }
            isFirst = false
            let value = try reader.value()
            if reader.byteOffset - released > 8 << 20 {
                released = reader.byteOffset
                file.release(upTo: released)
            }
            return (key, value)
        } catch {
            throw FileError(path: file.path, message: "\(error)")
        }
    }
}
