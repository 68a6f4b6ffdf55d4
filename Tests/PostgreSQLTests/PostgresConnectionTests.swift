import Foundation
import LocalPostgres
import PostgreSQL
import Testing

@Suite("PostgreSQL", .enabled(if: LocalPostgres.isInstalled, Comment(rawValue: LocalPostgres.missing)))
struct PostgresConnectionTests {
    @Test("values of every kind come back as they were sent")
    func values() throws {
        let connection = try PostgresConnection(DatabaseURL(LocalPostgres.shared().database()))
        let odd = "it's \"quoted\" \\ {1,2} é 塔 \n NULL"
        let bytes: [UInt8] = Array(0...255)
        let row = try #require(
            try connection.execute(
                "SELECT $1::text, $2::bigint, $3::float8, $4::bytea, $5::text, ($6::text[])[2], ($7::bigint[])[1]",
                [
                    .text(odd), .int(.min), .double(0.1), .bytes(bytes), .null, .texts(["x", odd]), .ints([-7]),
                ]
            ).first)
        #expect(try row.text(0) == odd && row.int(1) == .min && row.double(2) == 0.1 && row.bytes(3) == bytes)
        #expect(row.isNull(4))
        #expect(try row.text(5) == odd && row.int(6) == -7)
        #expect(throws: PostgresError.self) { try row.int(0) }
        #expect(throws: PostgresError.self) { try row.text(4) }
        #expect(throws: PostgresError.self) { try row.bytes(0) }
    }

    @Test("an error has its code, and undoes its transaction")
    func errors() throws {
        let connection = try PostgresConnection(DatabaseURL(LocalPostgres.shared().database()))
        try connection.execute("CREATE TABLE t (n integer UNIQUE)")
        let error = #expect(throws: PostgresError.self) {
            try connection.transaction { connection in
                try connection.execute("INSERT INTO t VALUES (1)")
                try connection.execute("INSERT INTO t VALUES (1)")
            }
        }
        #expect(error?.description.contains("23505") == true)
        #expect(try connection.execute("SELECT count(*) FROM t").first?.int(0) == 0)
        #expect(throws: PostgresError.self) { try connection.execute("SELECT * FROM nothing") }
    }

    @Test("a database that is not there is refused, and a server that is not there cannot be reached")
    func noDatabase() throws {
        let url = try LocalPostgres.shared().database()
        let other = url.replacingOccurrences(of: "/test_", with: "/other_")
        let refused = #expect(throws: PostgresError.self) { try PostgresConnection(DatabaseURL(other)) }
        #expect(refused?.kind == .refused && refused?.description.contains("does not exist") == true)
        let nowhere = #expect(throws: PostgresError.self) {
            try PostgresConnection(DatabaseURL("postgresql://ada:secret-word@127.0.0.1:1/x"))
        }
        #expect(nowhere?.kind == .connection && nowhere?.description.contains("secret-word") == false)
        let unknown = #expect(throws: PostgresError.self) {
            try PostgresConnection(DatabaseURL("postgresql://h/x?nonsense=1"))
        }
        #expect(unknown?.description.contains("nonsense") == true)
    }

    @Test("connections that were lost are made anew, and one in use says that it was lost")
    func restart() async throws {
        let server = try LocalPostgres()
        let pool = PostgresPool(try DatabaseURL(server.database()), size: 2)
        let number: @Sendable (PostgresConnection) throws -> Int = { try $0.execute("SELECT 7").first?.int(0) ?? 0 }
        #expect(try await pool.transaction(number) == 7)
        server.stop()
        let error = await #expect(throws: PostgresError.self) { try await pool.transaction(number) }
        #expect(error?.kind == .connection, "\(String(describing: error))")
        try server.start()
        #expect(try await pool.transaction(number) == 7)
        let lost = await #expect(throws: PostgresError.self) {
            try await pool.transaction { connection in
                try connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
                return try number(connection)
            }
        }
        #expect(lost?.kind == .connection)
        #expect(try await pool.transaction(number) == 7)
    }

    @Test("a server that does not answer is taken for lost, and what is long comes through")
    func silence() throws {
        let url = try DatabaseURL(LocalPostgres.shared().database())
        let connection = try PostgresConnection(url, patience: .seconds(2))
        let start = ContinuousClock.now
        let error = #expect(throws: PostgresError.self) { try connection.execute("SELECT pg_sleep(5)") }
        #expect(error?.kind == .connection && error?.description.contains("not answered") == true)
        #expect(start.duration(to: .now) < .seconds(4))
        #expect(throws: PostgresError.self) { try connection.execute("SELECT 1") }
        let long = [UInt8](repeating: 7, count: 2_000_000)
        let row = try PostgresConnection(url).execute("SELECT $1::bytea, $1::bytea", [.bytes(long)]).first
        #expect(try row?.bytes(0) == long && row?.bytes(1) == long)
    }

    @Test("more tasks than connections take turns")
    func turns() async throws {
        let pool = PostgresPool(try DatabaseURL(LocalPostgres.shared().database()), size: 2)
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 1...30 {
                group.addTask {
                    try await pool.transaction {
                        try $0.execute("SELECT $1::bigint", [.int(number)]).first?.int(0) ?? 0
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 465)
    }
}

@Suite("PostgreSQL's client library")
struct ClientLibraryTests {
    @Test("a machine without the library is told what to install")
    func missing() {
        let error = PostgresConnection.problem(of: ["libnothing-of-this-name.so"])
        #expect(error?.kind == .library && error?.description.contains("libpq5") == true)
    }
}
