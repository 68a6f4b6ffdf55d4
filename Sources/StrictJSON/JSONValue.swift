/// A number: exact for whole numbers of 64 bits, else a `Double`.
package struct JSONNumber: Sendable, Hashable {
    /// The value if it was written as a whole number that fits.
    package let int: Int?
    /// The value as a floating-point number.
    package let double: Double

    /// A whole number.
    package init(_ value: Int) {
        int = value
        double = Double(value)
    }

    /// A number with a fraction or an exponent.
    package init(_ value: Double) {
        int = nil
        double = value
    }
}

/// An object, its members in the order of the text.
package struct JSONObject: Sendable, Hashable, RandomAccessCollection {
    struct Member: Sendable, Hashable {
        let key: String
        let value: JSONValue
    }

    private let members: [Member]
    private let places: [ExactString: Int]

    /// An object with these members. Of members with one key the first is found by it.
    package init(_ members: [(String, JSONValue)]) {
        self.init(members: members.map { Member(key: $0.0, value: $0.1) })
    }

    init(members: [Member]) {
        self.members = members
        places = Dictionary(
            members.enumerated().map { (ExactString($0.element.key), $0.offset) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The first member whose key came before, if there is one.
    var duplicate: String? {
        guard places.count < members.count else { return nil }
        return members.enumerated().first { places[ExactString($0.element.key)] != $0.offset }?.element.key
    }

    /// The value under a key.
    package subscript(key: String) -> JSONValue? { places[ExactString(key)].map { members[$0].value } }

    /// The member at a place.
    package subscript(position: Int) -> (key: String, value: JSONValue) {
        (members[position].key, members[position].value)
    }

    /// Where the members begin.
    package var startIndex: Int { 0 }

    /// The number of members.
    package var endIndex: Int { members.count }
}

/// A JSON document as a tree.
package indirect enum JSONValue: Sendable, Hashable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A number.
    case number(JSONNumber)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object.
    case object(JSONObject)

    /// Reads a whole document.
    ///
    /// - Throws: `JSONError` with the place of the first thing that is not JSON, or of an object with a key twice.
    package static func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> JSONValue {
        var reader = JSONReader(bytes)
        let value = try reader.value()
        try reader.end()
        return value
    }

    /// Reads a whole document.
    package static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in try parse(UnsafeRawBufferPointer(buffer)) }
    }

    /// A whole number.
    package static func int(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }

    /// A floating-point number; written as `null` if it is not finite.
    package static func double(_ value: Double) -> JSONValue { .number(JSONNumber(value)) }

    /// The object, if it is one.
    package var object: JSONObject? { if case .object(let object) = self { object } else { nil } }
    /// The array, if it is one.
    package var array: [JSONValue]? { if case .array(let array) = self { array } else { nil } }
    /// The string, if it is one.
    package var string: String? { if case .string(let string) = self { string } else { nil } }
    /// The whole number, if it is one.
    package var int: Int? { if case .number(let number) = self { number.int } else { nil } }
    /// The number, if it is one.
    package var double: Double? { if case .number(let number) = self { number.double } else { nil } }
    /// The truth value, if it is one.
    package var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }

    /// The member of an object.
    package subscript(key: String) -> JSONValue? { object?[key] }
}

extension JSONReader {
    /// Takes one value of any kind as a tree.
    ///
    /// - Throws: `JSONError`, also for an object with a key twice.
    package mutating func value() throws(JSONError) -> JSONValue {
        switch try peek() {
        case .null:
            try null()
            return .null
        case .bool: return .bool(try bool())
        case .number: return .number(try number())
        case .string: return .string(try string())
        case .array:
            var elements: [JSONValue] = []
            try beginArray()
            while try nextElement(first: elements.isEmpty) { elements.append(try value()) }
            return .array(elements)
        case .object:
            let start = byteOffset
            var members: [JSONObject.Member] = []
            try beginObject()
            while let key = try nextKey(first: members.isEmpty) {
                members.append(JSONObject.Member(key: key, value: try value()))
            }
            let object = JSONObject(members: members)
            if let key = object.duplicate {
                throw JSONError("the object that begins here has the key \"\(key)\" twice", at: start, in: bytes)
            }
            return .object(object)
        }
    }
}
