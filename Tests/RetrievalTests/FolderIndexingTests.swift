import Files
import Foundation
import LocalPostgres
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
        #expect(report.problems.count == 7)
        for word in [
            "UTF-8 from byte 1", "zero bytes", "no text", "pdftotext is not", "a folder that it is in", "control",
        ] {
            #expect(report.problems.contains { $0.reason.contains(word) }, "\(word)")
        }
        #expect(try await store.size().documents == 1)
        // A file that turns bad keeps the text that it had.
        try Scratch.write([0x61, 0xE9], to: "\(folder.path)/a.txt")
        let second = try await index(store, folder.path)
        #expect(second.problems.count == 8 && second.removed == 0)
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

@Suite("Documents in PostgreSQL", .enabled(if: LocalPostgres.isInstalled, Comment(rawValue: LocalPostgres.missing)))
struct PostgresStoreTests {
    @Test("stores that open an empty database at the same time make its tables once, and see each other's documents")
    func together() async throws {
        let url = try LocalPostgres.shared().database()
        let stores = try await withThrowingTaskGroup(of: PostgresStore.self) { group in
            for _ in 0..<4 { group.addTask { try PostgresStore(url: url, limits: .unlimited) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, store) in stores.enumerated() {
                for name in ["same", "own\(number)"] {
                    group.addTask { _ = try await store.put(document(name, "Text of \(name).")) }
                }
            }
            try await group.waitForAll()
        }
        for store in stores {
            #expect(try await store.size().documents == 5)
            #expect(try await store.list(after: nil, limit: 9, filter: DocumentFilter()).count == 5)
        }
    }

    @Test("a server that is gone is an error that says so, and is used again once it is back")
    func outage() async throws {
        let server = try LocalPostgres()
        let store = try PostgresStore(url: server.database(), limits: .unlimited)
        _ = try await store.put(document("a", "Ada lives in Rome."))
        server.stop()
        for _ in 0..<2 {
            let error = await #expect(throws: DocumentStoreError.self) { try await store.size() }
            #expect(error?.kind == .unreachable && error?.description.contains("secret-word") == false)
        }
        let opening = #expect(throws: DocumentStoreError.self) {
            try PostgresStore(url: "postgresql://bertqa:secret-word@/x?host=/nowhere", limits: .unlimited)
        }
        #expect(opening?.kind == .unreachable && opening?.description.contains("secret-word") == false)
        try server.start()
        #expect(try await store.document(DocumentID("a"))?.text == "Ada lives in Rome.")
        _ = try await store.put(document("b", "Bob lives in Oslo."))
    }

    @Test("vectors are kept and compared, those that are missing are found, and another encoder is refused")
    func vectors() async throws {
        let url = try LocalPostgres.shared().database()
        let source = VectorSource(encoder: "one", width: 8)
        let store = try PostgresStore(url: url, limits: .unlimited, source: source)
        var random = RandomVectors(seed: 3)
        let (first, second) = (random.next(8), random.next(8))
        _ = try await store.put(document("a", "Ada", vectors: [first]))
        _ = try await store.put(document("b", "Bob"))
        let missing = try await store.passagesWithoutVector(after: 0, limit: 10)
        #expect(missing.map(\.document.text) == ["b"])
        try await store.setVectors(missing.map { (passage: $0, vector: second) })
        #expect(try await store.passagesWithoutVector(after: 0, limit: 10).isEmpty)
        let hits = try await store.search(words: ["ada", "bob"], filter: DocumentFilter(), limit: 10).map(\.passage)
        let found = try await store.cosines(of: hits, with: first)
        #expect(found.count == 2)
        #expect(abs((found[missing[0].number] ?? 0) - cosine(first, second)) < 1e-6)
        _ = try PostgresStore(url: url, limits: .unlimited, source: source)
        let other = #expect(throws: DocumentStoreError.self) {
            try PostgresStore(url: url, limits: .unlimited, source: VectorSource(encoder: "two", width: 8))
        }
        #expect(other?.kind == .encoder)
    }

    @Test("both kinds of store rank passages alike")
    func alike() async throws {
        let stores = try [TestStore.sqlite, .postgresql].map { try $0.make() }
        for (index, text) in [
            "The tower of Paris opened in 1889 and is a tower of iron.", "The bridge opened in 1931.",
            "A tower of stone stands in the town.",
            "Nothing of this kind, though it is much longer than the others are.",
            "Iron comes from the mines of the north; iron and stone.",
        ].enumerated() {
            for store in stores { _ = try await store.put(document("d\(index)", text)) }
        }
        for question in ["Which tower is of iron?", "When did the bridge open?", "stone", "iron mines opened"] {
            var found: [[String]] = []
            for store in stores {
                let hits = try await store.search(
                    words: SearchWords.words(question).filter {
                        !["which", "is", "of", "when", "did", "the"].contains($0)
                    },
                    filter: DocumentFilter(), limit: 3)
                found.append(try await store.passages(hits.map(\.passage)).map(\.document.text))
            }
            #expect(found[0].first == found[1].first && Set(found[0]) == Set(found[1]), "\(question): \(found)")
        }
    }
}
