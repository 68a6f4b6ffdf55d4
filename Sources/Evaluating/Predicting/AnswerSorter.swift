import Files
import SQuAD
import StrictJSON

/// Sorts answers by id on disk: as many as memory may hold at a time go into a sorted file, and then the files are
/// merged.
package struct AnswerSorter {
    private let output: String
    private let folder: String
    private let budget: Int
    private var lot: [QuestionID: String] = [:]
    private var bytes = 0
    private var files: [String] = []

    /// The approximate bytes of a dictionary entry in addition to its letters.
    private static let overhead = 100

    package init(output: String, budget: Int) throws(FileError) {
        (self.output, self.budget) = (output, budget)
        folder = try OutputStreams.companion(of: output, ".sorting")
        // What a run that was killed had begun.
        try DurableFiles.remove(folder)
    }

    /// If an id has several answers, the last one counts.
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
