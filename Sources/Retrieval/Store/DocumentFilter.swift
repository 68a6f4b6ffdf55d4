import StrictJSON

/// Which documents a list or a search is about: those whose metadata have given values.
package struct DocumentFilter: Sendable, Hashable {
    /// A member that metadata must have, with one of these values.
    package struct Condition: Sendable, Hashable {
        package let name: String
        package let values: [JSONValue]
    }

    /// All of them must hold.
    package let conditions: [Condition]

    /// The most values that one condition may name.
    package static let mostValues = 64

    /// All documents.
    package init() { conditions = [] }

    /// Reads `{"name": value, "name": [value, value], ...}`.
    ///
    /// - Throws: `DocumentFieldError`.
    package init(_ value: JSONValue) throws(DocumentFieldError) {
        guard let object = value.object else { throw DocumentFieldError("filter", "must be a JSON object") }
        guard object.count <= DocumentFields.limits.members else {
            throw DocumentFieldError(
                "filter", "has \(object.count) members; it may have \(DocumentFields.limits.members)")
        }
        var conditions: [Condition] = []
        for (name, value) in object {
            try DocumentFields.checkName(name, in: "filter")
            let values = value.array ?? [value]
            guard (1...Self.mostValues).contains(values.count) else {
                throw DocumentFieldError(
                    "filter.\(name)", "has \(values.count) values; it may have 1 to \(Self.mostValues)")
            }
            for value in values { try DocumentFields.checkValue(value, "filter.\(name)") }
            conditions.append(Condition(name: name, values: values))
        }
        self.conditions = conditions
    }

    /// A value as a text that is the same for the same values: 3 and 3.0 are one number, "3" is another value.
    static func canonical(_ value: JSONValue) -> String {
        guard case .number(let number) = value, number.int == nil, let whole = Int(exactly: number.double) else {
            return value.serialized()
        }
        return String(whole)
    }
}
