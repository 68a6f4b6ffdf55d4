import Checkpoints
import Foundation
import StrictJSON
import Testing

/// The path of a fixture made by `Tools/make_checkpoint_fixtures.py`.
func fixture(_ name: String) throws -> String {
    try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/\(name)").path
}

/// A fixture's JSON.
func fixtureJSON(_ name: String) throws -> JSONValue {
    try JSONValue.parse(Array(Data(contentsOf: URL(fileURLWithPath: fixture(name)))))
}

/// Runs `body` with the path of a new, empty directory that is removed afterwards.
func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("bertqa-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer {
        do { try FileManager.default.removeItem(at: url) } catch { Issue.record("\(url.path) stays behind: \(error)") }
    }
    return try body(url.path)
}

/// Writes text to a file in an existing directory.
func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

/// Writes bytes to a file in an existing directory.
func write(_ bytes: [UInt8], to path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

/// The bytes of a file.
func read(_ path: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(fileURLWithPath: path)))
}

/// The bytes of a safetensors file with this header and so many zero bytes of data.
func safetensors(_ header: String, data: Int = 0) -> [UInt8] {
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init) + Array(header.utf8)
        + Array(repeating: 0, count: data)
}
