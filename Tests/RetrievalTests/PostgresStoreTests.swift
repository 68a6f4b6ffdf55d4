import LocalPostgres
import PostgreSQL
import Retrieval
import Testing

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

    @Test("a language's own stems are used, kept with the database, and changed where another language is asked for")
    func languages() async throws {
        let url = try LocalPostgres.shared().database()
        func found(_ store: PostgresStore, _ question: String) async throws -> [String] {
            let hits = try await store.search(
                words: SearchWords.words(question), filter: DocumentFilter(), limit: 10)
            return try await store.passages(hits.map(\.passage)).map(\.document.text).sorted()
        }
        var store = try PostgresStore(url: url, limits: .unlimited, language: .german)
        _ = try await store.put(document("de", "Die Häuser wurden im Hafen gebaut, für Katzen.", title: "Städte"))
        _ = try await store.put(document("fr", "Les maisons étaient belles; on les aimait."))
        _ = try await store.put(document("ru", "Новый дом стоит у реки."))
        for word in ["Haus", "HÄFEN", "hafen", "Katze"] { #expect(try await found(store, word) == ["de"], "\(word)") }
        #expect(try await found(store, "stadt") == ["de"])
        // What nobody says stays as it is.
        store = try PostgresStore(url: url, limits: .unlimited)
        #expect(try await found(store, "Katze") == ["de"])
        store = try PostgresStore(url: url, limits: .unlimited, language: .french)
        #expect(try await found(store, "Katze").isEmpty)
        #expect(try await found(store, "maison aimée") == ["fr"])
        store = try PostgresStore(url: url, limits: .unlimited, language: .russian)
        #expect(try await found(store, "новая") == ["ru"])
        store = try PostgresStore(url: url, limits: .unlimited, language: .other)
        #expect(try await found(store, "maison новая").isEmpty)
        #expect(try await found(store, "MAISONS etaient") == ["fr"])
        let connection = try PostgresConnection(DatabaseURL(url))
        #expect(try connection.execute("SELECT value FROM bertqa_setting").first?.text(0) == "simple")
    }

    @Test("every language is one that PostgreSQL knows")
    func rules() async throws {
        let url = try LocalPostgres.shared().database()
        let connection = try PostgresConnection(DatabaseURL(url))
        let version = try #require(
            try connection.execute("SELECT current_setting('server_version_num')").first?.int(0))
        for language in SearchLanguage.allCases {
            let store = try PostgresStore(url: url, limits: .unlimited, language: language)
            _ = try await store.put(document("a", "1889"))
            #expect(try await store.search(words: ["1889"], filter: DocumentFilter(), limit: 1).count == 1)
            let rules = try connection.execute("SELECT value FROM bertqa_setting").first?.text(0)
            if version >= 140_000 { #expect((rules == "simple") == (language == .other), "\(language)") }
        }
    }

    @Test("a database of a later version, in another encoding, or without its tables' contents is refused")
    func foreign() throws {
        let server = try LocalPostgres.shared()
        let url = try server.database()
        _ = try PostgresStore(url: url, limits: .unlimited)
        let connection = try PostgresConnection(DatabaseURL(url))
        try connection.execute("UPDATE bertqa_version SET version = 99")
        let later = #expect(throws: DocumentStoreError.self) { try PostgresStore(url: url, limits: .unlimited) }
        #expect(later?.kind == .corrupt && later?.description.contains("later version") == true)
        let latin = #expect(throws: DocumentStoreError.self) {
            try PostgresStore(url: server.database(encoding: "LATIN1"), limits: .unlimited)
        }
        #expect(latin?.description.contains("LATIN1") == true, "\(String(describing: latin))")
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
