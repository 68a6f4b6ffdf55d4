import Testing
import Tokenizers

@Suite("Pairs")
struct PairTests {
    struct Expected: Decodable {
        let ids: [Int32]
        let typeIds: [Int32]
        let offsets: [Int]
        let sequence: [Int8]
    }
    struct Case: Decodable {
        let first: String
        let second: String
        let strategy: String
        let maxLength: Int?
        let expected: Expected?
    }

    @Test("Pairs are cut as the library does, and refused where it refuses", arguments: Truncation.allCases)
    func pairs(_ truncation: Truncation) throws {
        let tokenizer = try Fixtures.tokenizer("uncased")
        let cases = try Fixtures.load("pairs.json", as: [Case].self).filter { $0.strategy == truncation.rawValue }
        #expect(cases.count > 100)
        for row in cases {
            let encode = {
                try tokenizer.encode(
                    row.first, row.second, maxLength: row.maxLength, truncation: truncation)
            }
            guard let expected = row.expected else {
                #expect(throws: TokenizerError.self) { try encode() }
                continue
            }
            let encoding = try encode()
            #expect(encoding.ids == expected.ids)
            #expect(encoding.typeIDs == expected.typeIds)
            #expect(encoding.sequence == expected.sequence)
            #expect(scalarEdges(encoding, first: row.first, second: row.second) == expected.offsets)
        }
    }

    @Test("A context tokenised once gives the same pairs")
    func reusedContext() throws {
        let tokenizer = try Fixtures.tokenizer("cased")
        let context = "The answer is Paris, Été 東京."
        let tokens = tokenizer.tokenize(context)
        for question in ["who", "What is the question?", ""] {
            let pair = try tokenizer.pair(
                tokenizer.tokenize(question), tokens, maxLength: 12, truncation: .longestFirst)
            #expect(try pair == tokenizer.encode(question, context, maxLength: 12, truncation: .longestFirst))
        }
    }

    @Test("A pair that cannot be cut says how many tokens there are")
    func messages() throws {
        let tokenizer = try Fixtures.tokenizer("uncased")
        let error = #expect(throws: TokenizerError.self) {
            try tokenizer.encode("hello world hello world", "hello", maxLength: 6)
        }
        #expect(error?.kind == .truncation)
        #expect(error?.message.contains("the first text has 4 tokens") == true)
        #expect(throws: TokenizerError.self) { try tokenizer.encode("hello", "hello", maxLength: 2) }
    }
}
