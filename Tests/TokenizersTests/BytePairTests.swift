import Testing
import Tokenizers

/// Byte pair encoding in every setting, beside what the library makes of the same texts.
@Suite("Byte pair encoding")
struct BytePairTests {
    struct Row: Decodable {
        let ids: [Int32]
        let offsets: [Int]
    }
    struct Setting: Decodable {
        let model: String
        let prefix: Bool?
        let trims: Bool?
        let splits: Bool?
        let checksums: [String]
        let long: [String]
        let rows: [Row?]?
    }
    struct LongText: Decodable {
        let text: String
        let times: Int
    }
    struct Decoded: Decodable {
        let ids: [Int32]
        let text: String
    }
    struct Value: Decodable {
        let models: [String: BytePairFixture]
        let texts: [String]
        let settings: [String: Setting]
        let long: [LongText]
        let decoded: [Decoded]
        let squad: [String: SquadParityTests.Digest]
    }

    static let fixture = Result { try Fixtures.load("byte-pair.json", as: Value.self) }
    static let names = [
        "roberta", "prefix space", "untrimmed", "untrimmed prefix space", "whole texts", "merges ignored",
        "letters missing", "letters unknown", "letters unknown, fused", "suffix", "characters left out",
        "characters unknown", "characters fused", "characters as bytes", "characters as some bytes",
        "characters with prefix",
    ]

    static func tokenizer(_ name: String) throws -> Tokenizer {
        let value = try fixture.get()
        let setting = try #require(value.settings[name])
        let byteLevel = setting.prefix.map {
            BytePairFixture.ByteLevel(
                addsPrefixSpace: $0, trims: setting.trims ?? false, splits: setting.splits ?? true)
        }
        return try BytePairFixture.tokenizer(value.models, setting.model, byteLevel)
    }

    @Test("Ids and offsets are the library's", arguments: names)
    func texts(_ name: String) throws {
        let value = try Self.fixture.get()
        let setting = try #require(value.settings[name])
        let tokenizer = try Self.tokenizer(name)
        let scratch = TokenizerScratch()
        #expect(value.texts.count > 300 && setting.checksums.count == value.texts.count)
        // Twice, so that words also come from the cache.
        for _ in 0..<2 {
            for (index, text) in value.texts.enumerated() {
                let tokens = tokenizer.tokenize(text, scratch: scratch)
                let offsets = scalarEdges(tokens.offsets, in: text)
                if let row = setting.rows?[index] ?? nil {
                    #expect(tokens.ids == row.ids, "\(text.debugDescription)")
                    #expect(offsets == row.offsets, "\(text.debugDescription)")
                }
                #expect(Self.checksum(tokens.ids, offsets) == setting.checksums[index], "\(text.debugDescription)")
            }
        }
    }

    @Test(
        "Long words and texts give the library's tokens, in a time that does not explode",
        arguments: [("roberta", 1_000_000), ("letters unknown", 300_000), ("characters as bytes", 300_000)])
    func longTexts(_ name: String, _ longest: Int) throws {
        let value = try Self.fixture.get()
        let setting = try #require(value.settings[name])
        let tokenizer = try Self.tokenizer(name)
        let clock = ContinuousClock()
        for (long, checksum) in zip(value.long, setting.long) where long.text.utf8.count * long.times <= longest {
            let text = String(repeating: long.text, count: long.times)
            let start = clock.now
            let tokens = tokenizer.tokenize(text)
            // A quadratic merge of a megabyte takes minutes even where it is optimised.
            #expect(clock.now - start < .seconds(60), "\(long.text.debugDescription)")
            #expect(
                Self.checksum(tokens.ids, scalarEdges(tokens.offsets, in: text)) == checksum,
                "\(long.text.debugDescription)")
        }
    }

    @Test("Tokens become text as in the library, also where their bytes are not UTF-8")
    func decoding() throws {
        let value = try Self.fixture.get()
        let tokenizer = try Self.tokenizer("roberta")
        #expect(value.decoded.count > 200)
        for row in value.decoded {
            let text = tokenizer.decode(row.ids, skipSpecialTokens: false, cleanUp: false)
            #expect(text.isIdentical(to: row.text), "\(row.ids)")
        }
    }

    @Test("Scratch memory that another tokenizer used gives the same tokens")
    func sharedScratch() throws {
        let value = try Self.fixture.get()
        let tokenizers = try ["roberta", "letters unknown", "characters fused"].map { try Self.tokenizer($0) }
        let scratch = TokenizerScratch()
        for text in value.texts {
            for tokenizer in tokenizers {
                #expect(tokenizer.tokenize(text, scratch: scratch) == tokenizer.tokenize(text))
            }
        }
    }

    @Test("More different words than the cache holds give the same tokens as without it")
    func fullCache() throws {
        let tokenizer = try Self.tokenizer("roberta")
        let scratch = TokenizerScratch()
        for number in 0..<30_000 {
            let text = " word\(number * 7919) xy\(number)"
            #expect(tokenizer.tokenize(text, scratch: scratch) == tokenizer.tokenize(text))
        }
    }

    @Test(
        "Every text of a real dataset hashes to the library's tokens",
        .enabled(if: SquadParityTests.squad != nil, "needs SQUAD_DIR"), arguments: ["train.json", "dev.json"])
    func squad(_ file: String) throws {
        let expected = try #require(try Self.fixture.get().squad[file])
        try SquadParityTests.check(Self.tokenizer("roberta"), against: expected, file)
    }

    private static func checksum(_ ids: [Int32], _ offsets: [Int]) -> String {
        var digest = SquadParityTests.emptyDigest
        SquadParityTests.mix(ids, into: &digest)
        SquadParityTests.mix(offsets.map { Int32($0) }, into: &digest)
        return SquadParityTests.hexadecimal(digest & 0xFFFF_FFFF, digits: 8)
    }
}
