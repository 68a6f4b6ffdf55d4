import Foundation
import FuzzedParsers
import Testing

/// The inputs that the fuzzer is started from, and those that it found something with, read again by every parser.
@Suite("Fuzzed parsers")
struct CorpusTests {
    private static let corpus = Bundle.module.bundleURL.appendingPathComponent("Corpus")

    private static func files(_ parser: String) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: corpus.appendingPathComponent(parser), includingPropertiesForKeys: nil
        ).sorted { $0.path < $1.path }
    }

    private static func withScratch(_ body: (String) throws -> Void) throws {
        let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("bertqa-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        let result = Result { try body(scratch.path) }
        try FileManager.default.removeItem(at: scratch)
        try result.get()
    }

    @Test("every input of the corpus is taken or refused, and some are taken", arguments: FuzzedParser.all.map(\.name))
    func replay(_ name: String) throws {
        let parser = try #require(FuzzedParser.named(name))
        let files = try Self.files(name)
        try Self.withScratch { scratch in
            let taken = try files.map { file in
                try Data(contentsOf: file).withUnsafeBytes { parser.parse($0, scratch: scratch) }
            }
            // Without one that is taken, mutations would only see the first lines of a parser.
            if name != "manifest" { #expect(taken.contains(true)) }
        }
    }

    @Test("inputs cut anywhere and with bytes changed are taken or refused", arguments: FuzzedParser.all.map(\.name))
    func mutations(_ name: String) throws {
        let parser = try #require(FuzzedParser.named(name))
        var random = Random(state: 42)
        try Self.withScratch { scratch in
            for file in try Self.files(name) {
                let whole = Array(try Data(contentsOf: file).prefix(4096))
                for length in stride(from: 0, to: whole.count, by: max(1, whole.count / 64)) {
                    _ = whole[..<length].withUnsafeBytes { parser.parse($0, scratch: scratch) }
                }
                for _ in 0..<64 where !whole.isEmpty {
                    var bytes = whole
                    for _ in 0...random.next(below: 4) {
                        bytes[random.next(below: bytes.count)] = UInt8(random.next(below: 256))
                    }
                    _ = bytes.withUnsafeBytes { parser.parse($0, scratch: scratch) }
                }
            }
        }
    }
}

/// The same numbers each time. - Source: Steele, Lea and Flood 2014, SplitMix64.
private struct Random {
    var state: UInt64

    mutating func next(below limit: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ z >> 31) % UInt64(limit))
    }
}
