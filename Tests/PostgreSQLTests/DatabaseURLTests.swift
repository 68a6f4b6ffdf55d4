import PostgreSQL
import Testing

@Suite("URLs of databases")
struct DatabaseURLTests {
    @Test(
        "what is shown of a URL has no password",
        arguments: [
            (
                "postgresql://ada:se%3Acret@db.example:5433/texts?sslmode=require",
                "postgresql://ada@db.example:5433/texts?sslmode=require"
            ),
            ("postgres://db", "postgresql://db"), ("postgresql://", "postgresql://"),
            (
                "postgresql:///texts?host=/run/postgresql&password=secret&user=ada",
                "postgresql:///texts?host=/run/postgresql&user=ada"
            ),
            ("postgresql://h/x?Password=secret&oauth_client_secret=secret", "postgresql://h/x"),
            ("postgresql://ada@[::1]:5432/x", "postgresql://ada@[::1]:5432/x"),
            ("postgresql://:secret@a:1,b:2/x", "postgresql://a:1,b:2/x"),
        ])
    func shown(url: String, expected: String) throws {
        #expect(try DatabaseURL(url).description == expected)
    }

    @Test(
        "a URL that breaks the rules is refused without quoting it",
        arguments: [
            ("postgresql://ada:secret@x@host/db", "%40"), ("postgresql://ada:secret/x@host/db", "%2F"),
            ("postgresql://host:0/db", "port"), ("postgresql://host:x/db", "port"),
            ("postgresql:host", "postgresql://"),
            ("postgresql://host/a b", "space"), ("postgresql://[::1/db", "]"),
            ("postgresql://ada:secret%zz@h/db", "%25"),
            ("postgresql://h/db?sslmode", "name=value"), ("mysql://h/db", "postgresql://"),
            ("postgresql://h/db?host=%00", "%25"),
        ])
    func refused(url: String, word: String) throws {
        let error = #expect(throws: PostgresError.self) { try DatabaseURL(url) }
        #expect(error?.kind == .url)
        #expect(error?.description.contains(word) == true && error?.description.contains("secret") == false)
    }

    @Test("a file's name is not taken for a URL, and a misspelt URL is")
    func meant() {
        for file in ["documents.sqlite", "postgres", "./postgresql", "/var/postgresql.db"] {
            #expect(!DatabaseURL.isMeant(by: file))
        }
        for url in ["postgresql://h", "postgres://h", "PostgreSQL://h", "postgresql:/h", "postgres:h"] {
            #expect(DatabaseURL.isMeant(by: url))
        }
    }
}
