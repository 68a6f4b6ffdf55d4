import Foundation
import Tokenizers

/// The files that Tools/make_tokenizer_fixtures.py wrote.
enum Fixtures {
    private struct File<Value: Decodable>: Decodable {
        let value: Value
    }

    static func path(_ name: String) -> String {
        Bundle.module.bundleURL.appendingPathComponent("Fixtures").appendingPathComponent(name).path
    }

    static func load<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(File<Value>.self, from: Data(contentsOf: URL(fileURLWithPath: path(name)))).value
    }

    /// One token a line, read byte for byte.
    static func vocabulary(at path: String) throws -> Vocabulary {
        let lines = try Data(contentsOf: URL(fileURLWithPath: path)).split(separator: 0x0A)
        return try Vocabulary(lines.map { String(decoding: $0, as: UTF8.self) })
    }

    static func vocabulary(_ name: String) throws -> Vocabulary {
        try vocabulary(at: path("vocab-\(name).txt"))
    }

    static func tokenizer(_ name: String) throws -> Tokenizer {
        try Tokenizer(vocabulary: vocabulary(name), normaliser: Normaliser(lowercases: name == "uncased"))
    }
}

/// A folder that is removed when the test is over.
final class TemporaryFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("tokenizers-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path).appendingPathComponent(name))
    }

    func copy(_ fixture: String, to name: String) throws {
        try FileManager.default.copyItem(atPath: Fixtures.path(fixture), toPath: path + "/" + name)
    }
}

/// Offsets as the library reports them: scalar positions, start and end one after the other.
func scalarEdges(_ offsets: [Range<Int32>], in text: String) -> [Int] {
    let converter = ScalarOffsets(text)
    return offsets.flatMap { range in
        let scalars = converter.scalars(utf8: range)
        return [scalars.lowerBound, scalars.upperBound]
    }
}

/// The offsets of a text or a pair as the library reports them.
func scalarEdges(_ encoding: Encoding, first: String, second: String) -> [Int] {
    let converters = [ScalarOffsets(first), ScalarOffsets(second)]
    return zip(encoding.offsets, encoding.sequence).flatMap { range, sequence in
        guard sequence >= 0 else { return [0, 0] }
        let scalars = converters[Int(sequence)].scalars(utf8: range)
        return [scalars.lowerBound, scalars.upperBound]
    }
}

extension String {
    /// Equal scalar for scalar; `==` takes composed and decomposed characters for the same.
    func isIdentical(to other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
