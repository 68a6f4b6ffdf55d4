/// What a database says of itself, in a table of names and values.
protocol StoreSettings {
    /// The value that a name has; nil if it has none.
    func setting(_ name: String) throws -> String?

    /// Gives a name a value.
    func set(_ name: String, _ value: String) throws

    /// Whether any passage has a vector.
    func hasVectors() throws -> Bool
}

extension StoreSettings {
    /// Records which encoder makes the vectors.
    ///
    /// - Parameter name: the database's, for the message.
    /// - Throws: `DocumentStoreError` of the kind `encoder` if there are vectors of another one.
    func agree(on source: VectorSource, name: String) throws {
        let wanted = "\(source.encoder) \(source.width)"
        let known = try setting("encoder")
        guard known != wanted else { return }
        if known != nil, try hasVectors() {
            throw DocumentStoreError(
                .encoder, "\(name): its vectors were made by another encoder; name that one, or another database")
        }
        try set("encoder", wanted)
    }
}
