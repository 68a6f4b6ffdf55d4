import PostgreSQL

extension PostgresStore {
    /// Opens the database at a URL as text; see `init(_:limits:language:source:wordBudget:)`.
    ///
    /// - Throws: `DocumentStoreError`, also for what is wrong with the URL.
    package init(
        url text: String, limits: StoreLimits, language: SearchLanguage? = nil, source: VectorSource? = nil
    ) throws(DocumentStoreError) {
        let url: DatabaseURL
        do { url = try DatabaseURL(text) } catch { throw DocumentStoreError(.unavailable, error.description) }
        try self.init(url, limits: limits, language: language, source: source)
    }
}
