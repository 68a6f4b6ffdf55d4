import StrictJSON

/// A field of a document, or of a filter, that breaks the rules.
package struct DocumentFieldError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The field, as in `metadata.year`.
    package let field: String
    /// A sentence that names the field.
    package let description: String

    init(_ field: String, _ message: String) {
        (self.field, description) = (field, "\(field) \(message)")
    }
}

/// What a document has besides its text, checked.
package struct DocumentFields: Sendable, Hashable {
    /// A title, which search finds too; nil if there is none.
    package let title: String?
    /// Where the text comes from; nil if nothing is known.
    package let source: String?
    /// Members of whatever name, each with a string, a number or a truth value.
    package let metadata: JSONObject

    /// Bytes of a title, of a source, of a name and of a value of metadata, and how many members metadata may have.
    package static let limits = (title: 1024, source: 2048, name: 128, value: 1024, members: 64)

    /// Nothing but a text.
    package init() { (title, source, metadata) = (nil, nil, JSONObject([])) }

    /// - Throws: `DocumentFieldError` for a field that is empty, too long or of the wrong kind.
    package init(title: String?, source: String?, metadata: JSONValue?) throws(DocumentFieldError) {
        if let title { try Self.check(title, "title", Self.limits.title) }
        if let source { try Self.check(source, "source", Self.limits.source) }
        (self.title, self.source) = (title, source)
        if let metadata { self.metadata = try Self.checked(metadata) } else { self.metadata = JSONObject([]) }
    }

    private static func checked(_ value: JSONValue) throws(DocumentFieldError) -> JSONObject {
        guard let object = value.object else { throw DocumentFieldError("metadata", "must be a JSON object") }
        guard object.count <= limits.members else {
            throw DocumentFieldError("metadata", "has \(object.count) members; it may have \(limits.members)")
        }
        for (name, value) in object {
            try checkName(name, in: "metadata")
            try checkValue(value, "metadata.\(name)")
        }
        return object
    }

    static func checkName(_ name: String, in field: String) throws(DocumentFieldError) {
        try check(name, "\(field): a name", limits.name)
    }

    static func checkValue(_ value: JSONValue, _ field: String) throws(DocumentFieldError) {
        switch value {
        case .string(let text): try check(text, field, limits.value, mayBeEmpty: true)
        case .bool: break
        case .number(let number):
            guard number.double.isFinite else { throw DocumentFieldError(field, "must be a finite number") }
        case .null, .array, .object: throw DocumentFieldError(field, "must be a string, a number, true or false")
        }
    }

    private static func check(
        _ text: String, _ field: String, _ limit: Int, mayBeEmpty: Bool = false
    ) throws(DocumentFieldError) {
        guard mayBeEmpty || !text.isEmpty else { throw DocumentFieldError(field, "is empty; leave it out") }
        guard text.utf8.count <= limit else {
            throw DocumentFieldError(field, "has \(text.utf8.count) bytes; it may have \(limit)")
        }
        // PostgreSQL keeps no NUL in a text, and SQLite's functions end at it.
        guard !text.utf8.contains(0) else { throw DocumentFieldError(field, "has a NUL character") }
    }
}
