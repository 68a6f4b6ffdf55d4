/// Why PostgreSQL did not do what it was asked.
package struct PostgresError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failure.
    package enum Kind: Sendable, Hashable {
        /// The client library is missing.
        case library
        /// The URL breaks the rules.
        case url
        /// There is no connection, or it was lost; later there may be one again.
        case connection
        /// The server refuses this user or this use.
        case refused
        /// The server's disk is full.
        case diskFull
        /// Another transaction was in the way; the same again may succeed.
        case conflict
        /// A statement took too long.
        case tooSlow
        /// What is in the database is not what is expected there.
        case contents
        /// Anything else.
        case failed
    }

    package let kind: Kind
    /// One line, without the database's name and without a password.
    package let description: String

    package init(_ kind: Kind, _ description: String) {
        (self.kind, self.description) = (kind, description)
    }

    /// What a server's code for an error means.
    ///
    /// - Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
    init(state: String, message: String) {
        let kind: Kind =
            switch state {
            case "57014", "55P03": .tooSlow
            case "40001", "40P01": .conflict
            case "53100": .diskFull
            case "42501", "25006", "3D000", "3F000": .refused
            case "42P01", "42703", "42P18": .contents
            case _ where state.hasPrefix("08") || state.hasPrefix("57P") || state == "53300": .connection
            case _ where state.hasPrefix("28"): .refused
            default: .failed
            }
        self.init(kind, "\(message) (\(state))")
    }
}
