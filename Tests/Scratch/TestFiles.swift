import Foundation
import StrictJSON

/// Runs `body` with the path of a new, empty directory that is removed afterwards.
package func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    return try body(directory.path)
}

/// Runs `body` with a new folder that is removed afterwards.
package func withTemporaryFolder(_ body: (URL) throws -> Void) throws {
    try withTemporaryDirectory { try body(URL(fileURLWithPath: $0)) }
}

/// Writes text to a file in an existing directory.
package func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

/// Writes bytes to a file in an existing directory.
package func write(_ bytes: [UInt8], to path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

/// The bytes of a file.
package func read(_ path: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(fileURLWithPath: path))) }

/// The bytes of a safetensors file with this header and so many zero bytes of data.
package func safetensors(_ header: String, data: Int = 0) -> [UInt8] {
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init) + Array(header.utf8)
        + Array(repeating: 0, count: data)
}

extension Bundle {
    /// The path of a file in the folder Fixtures of a test target.
    package func fixture(_ name: String) -> String { "\(resourcePath ?? bundlePath)/Fixtures/\(name)" }

    /// The JSON of such a file.
    package func fixtureJSON(_ name: String) throws -> JSONValue { try JSONValue.parse(read(fixture(name))) }
}
