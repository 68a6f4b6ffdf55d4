import GRDB
import Retrieval
import Scratch
import Testing

@Suite("Databases of other versions")
struct DatabaseVersionTests {
    private func open(_ path: String) throws(DocumentStoreError) -> SQLiteStore {
        try SQLiteStore(path: path, limits: StoreLimits(documents: 9, bytes: 999))
    }

    @Test("one of a later version is refused and left as it is")
    func later() throws {
        let folder = try TemporaryDirectory()
        let path = "\(folder.path)/documents.sqlite"
        _ = try open(path)
        let queue = try DatabaseQueue(path: path)
        try queue.write { db in try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('tomorrow')") }
        let error = #expect(throws: DocumentStoreError.self) { try open(path) }
        #expect(error?.kind == .corrupt && error?.description.contains("later version") == true)
        try queue.write { db in try db.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = 'tomorrow'") }
        _ = try open(path)
    }

    @Test("one of another program is refused, and gets no tables")
    func foreign() throws {
        let folder = try TemporaryDirectory()
        let path = "\(folder.path)/recipes.sqlite"
        let queue = try DatabaseQueue(path: path)
        try queue.write { db in try db.execute(sql: "CREATE TABLE recipe (name TEXT)") }
        let error = #expect(throws: DocumentStoreError.self) { try open(path) }
        #expect(error?.kind == .corrupt && error?.description.contains("recipe") == true)
        let tables = try queue.read { db in
            try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        #expect(tables == ["recipe"])
    }
}
