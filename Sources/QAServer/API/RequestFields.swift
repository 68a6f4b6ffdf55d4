import NIOCore
import StrictJSON

/// The members of a JSON object in a request. Each is read by its name; members that nothing has read are an error at
/// the end, so that a misspelt option is not ignored.
package struct RequestFields {
    private let object: JSONObject
    /// The object's place in the request, as in `pairs[3].`.
    let path: String
    private var known: Set<String> = []

    /// Reads a body that must be one JSON object.
    package init(body: ByteBuffer) throws(APIError) {
        let value: JSONValue
        do {
            value = try body.withUnsafeReadableBytes { bytes throws(JSONError) in try JSONValue.parse(bytes) }
        } catch {
            if body.readableBytes == 0 {
                throw .empty(nil, "the body is empty; send a JSON object")
            }
            throw .invalid(nil, "the body is not valid JSON: \(error)")
        }
        try self.init(value, path: "")
    }

    /// - Parameter name: of the value, as in `inputs`; empty for the body itself.
    init(_ value: JSONValue, path name: String) throws(APIError) {
        guard let object = value.object else {
            throw .invalid(name.isEmpty ? nil : name, "\(name.isEmpty ? "the body" : name) must be a JSON object")
        }
        self.object = object
        path = name.isEmpty ? "" : name + "."
    }

    /// The value, unless it is missing or null.
    mutating func value(_ name: String) -> JSONValue? {
        known.insert(name)
        guard let value = object[name], value != .null else { return nil }
        return value
    }

    mutating func required(_ name: String) throws(APIError) -> JSONValue {
        guard let value = value(name) else { throw invalid(name, "is missing") }
        return value
    }

    mutating func string(_ name: String) throws(APIError) -> String? {
        guard let value = value(name) else { return nil }
        guard let string = value.string else { throw invalid(name, "must be a string") }
        return string
    }

    mutating func requiredString(_ name: String) throws(APIError) -> String {
        guard let string = try string(name) else { throw invalid(name, "is missing") }
        return string
    }

    /// A whole number; `3.0` is one.
    mutating func int(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let value = value(name) else { return nil }
        guard let number = value.int ?? value.double.flatMap(Int.init(exactly:)), range.contains(number) else {
            throw invalid(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A number from 0 to 1.
    mutating func share(_ name: String) throws(APIError) -> Double? {
        guard let value = value(name) else { return nil }
        guard let number = value.double, (0...1).contains(number) else {
            throw invalid(name, "must be a number from 0 to 1")
        }
        return number
    }

    mutating func bool(_ name: String) throws(APIError) -> Bool? {
        guard let value = value(name) else { return nil }
        guard let bool = value.bool else { throw invalid(name, "must be true or false") }
        return bool
    }

    /// Refuses members that nothing has read.
    func finish() throws(APIError) {
        for (key, _) in object where !known.contains(key) {
            let names = known.sorted().joined(separator: ", ")
            throw .invalid(path + key, "unknown field \(path)\(key); expected \(names)")
        }
    }

    func invalid(_ name: String, _ message: String) -> APIError {
        .invalid(path + name, "\(path)\(name) \(message)")
    }
}
