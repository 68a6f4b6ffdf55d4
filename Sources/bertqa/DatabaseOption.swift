import ArgumentParser
import PostgreSQL
import Retrieval

/// What `--database` names.
enum DatabaseOption {
    static let help =
        "The database with the documents: a file, or postgresql://user@host/name for one that several servers share"

    /// Checks a URL; a file is checked when it is opened.
    ///
    /// - Throws: `ValidationError` that doesn't quote a password.
    static func validate(_ option: String?) throws {
        guard let option, DatabaseURL.isMeant(by: option) else { return }
        do { _ = try DatabaseURL(option) } catch { throw ValidationError("--database: \(error)") }
    }

    /// Opens a database for as many documents as there may be.
    ///
    /// - Throws: `DocumentStoreError`.
    static func open(_ option: String, _ language: SearchLanguage?) throws(DocumentStoreError) -> any DocumentStore {
        let limits = StoreLimits.unlimited
        guard DatabaseURL.isMeant(by: option) else {
            return try SQLiteStore(path: option, limits: limits, language: language)
        }
        return try PostgresStore(url: option, limits: limits, language: language)
    }
}

extension SearchLanguage: ExpressibleByArgument {}

extension ArgumentHelp {
    /// Of `--language`, where documents are indexed.
    static let searchLanguage = ArgumentHelp(
        """
        The language of the documents, whose words are compared by their stems: in a file those of English, in \
        PostgreSQL those of all languages that it knows; other compares words as they are. Documents that were indexed \
        for another language are indexed again. (default: what the database has, en in a new one)
        """, valueName: "language")
}
