import Testing
import Tokenizers

@Suite("Added tokens")
struct AddedTokenTests {
    struct Token: Decodable {
        let id: Int32
        let content: String
        let singleWord: Bool
        let lstrip: Bool
        let rstrip: Bool
        let normalized: Bool
        let special: Bool
    }
    struct Case: Decodable {
        let text: String
        let ids: [Int32]
        let offsets: [Int]
        let tokens: [String]
        let decoded: String
        let decodedAll: String
    }
    struct Table: Decodable {
        let tokens: [Token]
        let cases: [Case]
    }

    private func tokenizer(_ table: Table) throws -> Tokenizer {
        let added = table.tokens.map {
            AddedToken(
                $0.content, singleWord: $0.singleWord, stripsLeft: $0.lstrip, stripsRight: $0.rstrip,
                isNormalised: $0.normalized, isSpecial: $0.special)
        }
        let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map { AddedToken($0) }
        return try Tokenizer(vocabulary: Fixtures.vocabulary("uncased"), addedTokens: special + added)
    }

    @Test("Tokens with every flag are found, spelled and decoded as the library does")
    func flags() throws {
        let table: Table = try Fixtures.load("added.json")
        let tokenizer = try tokenizer(table)
        for token in table.tokens { #expect(tokenizer.vocabulary.id(of: token.content) == token.id) }
        for row in table.cases {
            let encoding = tokenizer.encode(row.text)
            let comment = "\(row.text.debugDescription)"
            #expect(encoding.ids == row.ids, "\(comment)")
            #expect(scalarEdges(encoding.offsets, in: row.text) == row.offsets, "\(comment)")
            let spellings = tokenizer.spellings(of: encoding, first: row.text)
            #expect(zip(spellings, row.tokens).allSatisfy { $0.isIdentical(to: $1) }, "\(comment): \(spellings)")
            #expect(tokenizer.decode(encoding.ids).isIdentical(to: row.decoded), "\(comment)")
            let whole = tokenizer.decode(encoding.ids, skipSpecialTokens: false)
            #expect(whole.isIdentical(to: row.decodedAll), "\(comment)")
        }
    }
}
