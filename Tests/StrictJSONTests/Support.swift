import Foundation
import StrictJSON

/// The document as a tree.
func parse(_ text: String) throws(JSONError) -> JSONValue { try JSONValue.parse(Array(text.utf8)) }

/// The error that reading the document gives; nil if it gives none.
func failure(_ bytes: [UInt8]) -> JSONError? {
    do {
        _ = try JSONValue.parse(bytes)
        return nil
    } catch {
        return error
    }
}

/// The error that reading the document gives; nil if it gives none.
func failure(_ text: String) -> JSONError? { failure(Array(text.utf8)) }

/// Runs `body` with a reader of the text.
func withReader<Result>(
    _ text: String, depthLimit: Int = 128, _ body: (inout JSONReader) throws -> Result
) throws -> Result {
    try Array(text.utf8).withUnsafeBytes { bytes in
        var reader = JSONReader(bytes, depthLimit: depthLimit)
        return try body(&reader)
    }
}

/// Scalars, for comparing strings without canonical equivalence.
func scalars(_ text: String?) -> [UInt32]? { text?.unicodeScalars.map(\.value) }
