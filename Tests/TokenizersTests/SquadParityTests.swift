import Foundation
import Testing
import Tokenizers

@Suite("Every text of a real dataset")
struct SquadParityTests {
    struct Digest: Decodable {
        let digest: String
        let texts: Int
    }
    struct File: Decodable {
        struct Article: Decodable { let paragraphs: [Paragraph] }
        struct Paragraph: Decodable {
            let context: String
            let qas: [Question]
        }
        struct Question: Decodable { let question: String }
        let data: [Article]
    }

    static let environment = ProcessInfo.processInfo.environment
    static let squad = environment["SQUAD_DIR"]
    static let models = environment["BERTQA_MODELS"]

    @Test(
        "Uncased tokens and positions hash to the library's",
        .enabled(if: squad != nil && models != nil, "needs SQUAD_DIR and BERTQA_MODELS"),
        arguments: ["train.json", "dev.json"])
    func uncased(_ file: String) throws {
        let folder = try #require(Self.models)
        let vocabulary = try Fixtures.vocabulary(at: folder + "/minilm-squad/vocab.txt")
        try check(Tokenizer(vocabulary: vocabulary), "minilm-squad", file)
    }

    @Test(
        "Cased tokens and positions hash to the library's", .enabled(if: squad != nil, "needs SQUAD_DIR"),
        arguments: ["train.json", "dev.json"])
    func cased(_ file: String) throws {
        let folder = try #require(Self.squad)
        let vocabulary = try Fixtures.vocabulary(at: folder + "/../vocab/bert-base-multilingual-cased.txt")
        try check(
            Tokenizer(vocabulary: vocabulary, normaliser: Normaliser(lowercases: false)), "multilingual-cased", file)
    }

    private func check(_ tokenizer: Tokenizer, _ name: String, _ file: String) throws {
        let digests: [String: [String: Digest]] = try Fixtures.load("squad-digests.json")
        try Self.check(tokenizer, against: #require(digests[name]?[file]), file)
    }

    /// Compares the digest of all questions and contexts of a file of SQUAD_DIR.
    static func check(_ tokenizer: Tokenizer, against expected: Digest, _ file: String) throws {
        let path = try #require(squad) + "/" + file
        let dataset = try JSONDecoder().decode(File.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        let scratch = TokenizerScratch()
        var digest = emptyDigest
        var count = 0
        for paragraph in dataset.data.flatMap(\.paragraphs) {
            for text in [paragraph.context] + paragraph.qas.map(\.question) {
                let tokens = tokenizer.tokenize(text, scratch: scratch)
                mix(tokens.ids, into: &digest)
                mix(scalarEdges(tokens.offsets, in: text).map { Int32($0) }, into: &digest)
                count += 1
            }
        }
        #expect(count == expected.texts)
        #expect(hexadecimal(digest, digits: 16) == expected.digest)
    }

    static let emptyDigest: UInt64 = 0xCBF2_9CE4_8422_2325

    static func hexadecimal(_ number: UInt64, digits: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }

    /// FNV-1a over the little-endian bytes.
    static func mix(_ values: [Int32], into digest: inout UInt64) {
        for value in values {
            for shift in stride(from: 0, to: 32, by: 8) {
                digest = (digest ^ UInt64(UInt32(bitPattern: value) >> UInt32(shift) & 0xFF)) &* 0x100_0000_01B3
            }
        }
    }
}
