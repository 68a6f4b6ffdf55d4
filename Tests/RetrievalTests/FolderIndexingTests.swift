import Files
import Foundation
import Retrieval
import Scratch
import StrictJSON
import Testing

@Suite("Folders as documents")
struct FolderIndexingTests {
    private func index(
        _ store: any DocumentStore, _ folder: String, isInterrupted: () -> Bool = { false }
    ) async throws -> FolderIndexing.Report {
        var indexing = FolderIndexing(store: store, folder: folder, collection: "notes", searchPath: "/nowhere")
        return try await indexing.run(isInterrupted: isInterrupted)
    }

    /// A file whose contents changed so long ago that its time says something.
    private func write(_ text: String, to path: String, age: Double = 1000) throws {
        try Scratch.write(text, to: path)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: path)
    }

    @Test("only what has changed is read again, and what is gone is removed", arguments: TestStore.available)
    func changes(kind: TestStore) async throws {
        let store = try kind.make()
        let folder = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: "\(folder.path)/sub", withIntermediateDirectories: false)
        try write("Ada lives in Rome.", to: "\(folder.path)/a.txt")
        try write("# Bob\n\nBob lives in Oslo.", to: "\(folder.path)/sub/b.md")
        try write("<title>Cleo &amp; co</title><p>Cleo lives in Lima.", to: "\(folder.path)/c.html")
        try write("x", to: "\(folder.path)/picture.png")
        var report = try await index(store, folder.path)
        #expect(report.added == 3 && report.otherFiles == 1 && report.problems.isEmpty && report.passages == 3)
        let page = try #require(try await store.document(DocumentID("notes/c.html")))
        #expect(page.text == "Cleo lives in Lima." && page.summary.title == "Cleo & co")
        #expect(page.summary.source == "\(folder.path)/c.html")
        #expect(page.summary.metadata["collection"]?.string == "notes")
        #expect(page.summary.metadata["kind"]?.string == "html")
        #expect(try await store.summary(DocumentID("notes/sub/b.md"))?.title == "Bob")
        #expect(try await store.summary(DocumentID("notes/a.txt"))?.title == "a.txt")
        let first = try await store.list(after: nil, limit: 10, filter: DocumentFilter()).map(\.revision)
        // Nothing has changed; then one is touched, one is changed, one is gone and one is new.
        report = try await index(store, folder.path)
        #expect(report.unchanged == 3 && report.added + report.changed + report.removed == 0)
        try write("Ada lives in Rome.", to: "\(folder.path)/a.txt", age: 900)
        report = try await index(store, folder.path)
        #expect(report.unchanged == 3 && report.changed == 0)
        #expect(try await store.list(after: nil, limit: 10, filter: DocumentFilter()).map(\.revision) == first)
        try write("Ada lives in Cairo", to: "\(folder.path)/a.txt", age: 800)
        try FileManager.default.removeItem(atPath: "\(folder.path)/c.html")
        try write("Dan", to: "\(folder.path)/d.txt")
        report = try await index(store, folder.path)
        #expect((report.added, report.changed, report.unchanged, report.removed) == (1, 1, 1, 1))
        #expect(try await store.document(DocumentID("notes/a.txt"))?.text == "Ada lives in Cairo")
        #expect(try await store.size().documents == 3)
    }

    @Test("a change within the tick of a file's clock is noticed")
    func sameTime() async throws {
        let store = try TestStore.sqlite.make()
        let folder = try TemporaryDirectory()
        // However slow the machine is, the time stays too recent to say something.
        let date = Date(timeIntervalSinceNow: 600)
        for text in ["Ada lives in Rome.", "Ada lives in Oslo."] {
            try Scratch.write(text, to: "\(folder.path)/a.txt")
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: "\(folder.path)/a.txt")
            _ = try await index(store, folder.path)
            #expect(try await store.document(DocumentID("notes/a.txt"))?.text == text)
        }
    }

    @Test("files that cannot be read are named, and the rest is stored", arguments: TestStore.available)
    func problems(kind: TestStore) async throws {
        let store = try kind.make()
        let folder = try TemporaryDirectory()
        try write("Ada lives in Rome.", to: "\(folder.path)/a.txt")
        try Scratch.write([0x61, 0xE9], to: "\(folder.path)/latin.txt")
        try Scratch.write([0, 1, 2], to: "\(folder.path)/binary.md")
        try write("", to: "\(folder.path)/empty.txt")
        try write("%PDF-1.4", to: "\(folder.path)/paper.pdf")
        try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/loop", withDestinationPath: ".")
        try write("x", to: "\(folder.path)/line\nend.txt")
        let long = String(repeating: "d", count: 200)
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/\(long)/\(long)", withIntermediateDirectories: true)
        try write("x", to: "\(folder.path)/\(long)/\(long)/\(long).txt")
        let report = try await index(store, folder.path)
        #expect(report.added == 1)
        #expect(report.problems.count == 6)
        for word in [
            "UTF-8 from byte 1", "zero bytes", "no text", "pdftotext is not", "control",
        ] {
            #expect(report.problems.contains { $0.reason.contains(word) }, "\(word)")
        }
        #expect(try await store.size().documents == 1)
        // A file that turns bad keeps the text that it had.
        try Scratch.write([0x61, 0xE9], to: "\(folder.path)/a.txt")
        let second = try await index(store, folder.path)
        #expect(second.problems.count == 7 && second.removed == 0)
        #expect(try await store.document(DocumentID("notes/a.txt"))?.text == "Ada lives in Rome.")
    }

    @Test("names that differ in the form of an accent alone are two files")
    func forms() async throws {
        let store = try TestStore.sqlite.make()
        let folder = try TemporaryDirectory()
        try write("one", to: "\(folder.path)/\u{E9}.txt")
        try write("two", to: "\(folder.path)/e\u{301}.txt")
        // Some file systems know one of them alone.
        guard try FolderIndexingTests.count(folder.path) == 2 else { return }
        #expect(try await index(store, folder.path).added == 2)
        #expect(try await index(store, folder.path).unchanged == 2)
        #expect(try await store.document(DocumentID("notes/e\u{301}.txt"))?.text == "two")
    }

    private static func count(_ folder: String) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: folder).count
    }

    @Test("what was read before an interruption is stored, and nothing is taken for removed")
    func interrupted() async throws {
        let store = try TestStore.sqlite.make()
        let folder = try TemporaryDirectory()
        for name in ["a", "b", "c"] { try write("Text of \(name).", to: "\(folder.path)/\(name).txt") }
        var asked = 0
        let report = try await index(store, folder.path) {
            asked += 1
            return asked > 1
        }
        #expect(report.isInterrupted && report.added == 1)
        #expect(try await store.size().documents == 1)
        #expect(try await index(store, folder.path).added == 2)
        try FileManager.default.removeItem(atPath: "\(folder.path)/c.txt")
        #expect(try await index(store, folder.path) { true }.removed == 0)
        #expect(try await store.size().documents == 3)
    }

    @Test("a document of the same id that was stored otherwise stays, and its file is named")
    func taken() async throws {
        let store = try TestStore.sqlite.make()
        let folder = try TemporaryDirectory()
        try write("from the folder", to: "\(folder.path)/a.txt")
        _ = try await store.put(document("notes/a.txt", "from elsewhere"))
        let report = try await index(store, folder.path)
        #expect(report.added == 0 && report.problems.map(\.path) == ["a.txt"] && report.passages == 0)
        #expect(try await store.document(DocumentID("notes/a.txt"))?.text == "from elsewhere")
    }
}
