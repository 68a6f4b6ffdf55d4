import Testing
import Tokenizers

@Suite("Tokens and positions")
struct EncodeTests {
    struct Expected: Decodable {
        let ids: [Int32]
        let offsets: [Int]
    }
    struct Case: Decodable {
        let text: String
        let expected: [String: Expected]
    }
    struct Setting: Sendable {
        let name: String
        let vocabulary: String
        let normaliser: Normaliser
    }

    static let settings = [
        Setting(name: "uncased", vocabulary: "uncased", normaliser: Normaliser()),
        Setting(name: "cased", vocabulary: "cased", normaliser: Normaliser(lowercases: false)),
        Setting(
            name: "uncased keeping accents", vocabulary: "uncased", normaliser: Normaliser(stripsAccents: false)),
        Setting(
            name: "cased losing accents", vocabulary: "cased",
            normaliser: Normaliser(stripsAccents: true, lowercases: false)),
        Setting(
            name: "lower case only", vocabulary: "uncased",
            normaliser: Normaliser(cleanText: false, spacesChineseCharacters: false, stripsAccents: false)),
        Setting(
            name: "accents only", vocabulary: "cased",
            normaliser: Normaliser(
                cleanText: false, spacesChineseCharacters: false, stripsAccents: true, lowercases: false)),
    ]

    @Test("Difficult and random texts give the library's ids and offsets", arguments: settings)
    func difficultTexts(_ setting: Setting) throws {
        let cases: [Case] = try Fixtures.load("encode.json")
        let tokenizer = try Tokenizer(
            vocabulary: Fixtures.vocabulary(setting.vocabulary), normaliser: setting.normaliser)
        let scratch = TokenizerScratch()
        #expect(cases.count > 200)
        for row in cases {
            let expected = try #require(row.expected[setting.name])
            let tokens = tokenizer.tokenize(row.text, scratch: scratch)
            #expect(tokens.ids == expected.ids, "\(row.text.debugDescription)")
            #expect(scalarEdges(tokens.offsets, in: row.text) == expected.offsets, "\(row.text.debugDescription)")
        }
    }

    @Test("Reusing the scratch memory changes nothing")
    func scratchIsEmptied() throws {
        let tokenizer = try Fixtures.tokenizer("uncased")
        let scratch = TokenizerScratch()
        for text in ["naïve 東京", "", "hello", String(repeating: "é", count: 50_000), "hello world"] {
            #expect(tokenizer.tokenize(text, scratch: scratch) == tokenizer.tokenize(text))
        }
    }

    @Test("A single text is cut at its end")
    func singleText() throws {
        let tokenizer = try Fixtures.tokenizer("uncased")
        let full = tokenizer.encode("hello world hello")
        #expect(full.ids.first == tokenizer.clsID && full.ids.last == tokenizer.sepID && full.count == 5)
        let cut = tokenizer.encode("hello world hello", maxLength: 4)
        #expect(cut.ids == Array(full.ids[..<3]) + [tokenizer.sepID])
        #expect(cut.sequence == [-1, 0, 0, -1])
        #expect(cut.offsets == [0..<0, 0..<5, 6..<11, 0..<0])
        #expect(tokenizer.encode("hello", maxLength: 2).ids == [tokenizer.clsID, tokenizer.sepID])
    }

    @Test(
        "Normalised text is the library's",
        arguments: [
            ("Été\u{0}  naïve\u{a0}İ", "ete  naive i"), ("中a", " 中 a"), ("ΌΔΟΣ", "οδοσ"),
            ("각", "\u{1100}\u{1161}\u{11a8}"),
        ])
    func normalise(_ text: String, _ expected: String) {
        #expect(Normaliser().normalise(text).isIdentical(to: expected))
    }
}
