import Testing
import Tokenizers

@Suite("Decoding")
struct DecodeTests {
    struct Case: Decodable {
        let vocabulary: String
        let ids: [Int32]
        let skipping: String
        let whole: String
        let untidied: String
    }

    @Test("Ids become the library's text, with and without special tokens and tidying")
    func decode() throws {
        let cases: [Case] = try Fixtures.load("decode.json")
        for (name, rows) in Dictionary(grouping: cases, by: \.vocabulary) {
            let tokenizer = try Fixtures.tokenizer(name)
            for row in rows {
                #expect(tokenizer.decode(row.ids).isIdentical(to: row.skipping))
                #expect(tokenizer.decode(row.ids, skipSpecialTokens: false).isIdentical(to: row.whole))
                #expect(tokenizer.decode(row.ids, cleanUp: false).isIdentical(to: row.untidied))
            }
        }
    }
}
