import Foundation
import Testing
import Tokenizers

@Suite("Unigram models of sentencepiece")
struct UnigramTests {
    struct Case: Decodable {
        let text: String
        let ids: [Int32]
        let offsets: [Int]
        let tokens: [String]
        let decoded: String
        let camembert: String
    }

    /// A folder as models before tokenizer.json are: the sentencepiece model, and the name of the class.
    static func folder(_ family: String, _ tokenizerClass: String) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.copy("unigram/sentencepiece.bpe.model", to: "sentencepiece.bpe.model")
        try folder.write(#"{"model_type": "\#(family)"}"#, to: "config.json")
        try folder.write(#"{"tokenizer_class": "\#(tokenizerClass)"}"#, to: "tokenizer_config.json")
        return folder
    }

    @Test("A sentencepiece model gives XLM-RoBERTa's ids, positions, spellings and texts")
    func xlmRoberta() throws {
        let cases: [Case] = try Fixtures.load("unigram/encode.json")
        let tokenizer = try Tokenizer(directory: Self.folder("xlm-roberta", "XLMRobertaTokenizer").path)
        #expect(cases.count > 200)
        for row in cases {
            let encoding = tokenizer.encode(row.text)
            #expect(encoding.ids == row.ids, "\(row.text.debugDescription)")
            let edges = scalarEdges(encoding, first: row.text, second: "")
            #expect(edges == row.offsets, "\(row.text.debugDescription)")
            #expect(tokenizer.spellings(of: encoding, first: row.text) == row.tokens, "\(row.text.debugDescription)")
            #expect(tokenizer.decode(encoding.ids).isIdentical(to: row.decoded), "\(row.text.debugDescription)")
        }
    }

    @Test("A sentencepiece model gives CamemBERT's ids and positions")
    func camembert() throws {
        let cases: [Case] = try Fixtures.load("unigram/encode.json")
        let tokenizer = try Tokenizer(directory: Self.folder("camembert", "CamembertTokenizer").path)
        for row in cases {
            #expect(digest(tokenizer.encode(row.text), row.text) == row.camembert, "\(row.text.debugDescription)")
        }
    }

    @Test("A word of a million characters takes no more time for each than a short one")
    func longWord() throws {
        let tokenizer = try Tokenizer(directory: Self.folder("xlm-roberta", "XLMRobertaTokenizer").path)
        let unit = tokenizer.tokenize(String(repeating: "abcdefghij", count: 1_000))
        let long = tokenizer.tokenize(String(repeating: "abcdefghij", count: 100_000))
        #expect(long.count > 90 * unit.count)
        #expect(long.offsets.last?.upperBound == 1_000_000)
        #expect(zip(long.offsets, long.offsets.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    }
}

/// FNV-1a of ids and positions, as Tools/make_unigram_fixtures.py has it.
func digest(_ encoding: Encoding, _ text: String) -> String {
    var digest = FNVDigest()
    for id in encoding.ids { digest.append(UInt32(bitPattern: id)) }
    for edge in scalarEdges(encoding, first: text, second: "") { digest.append(UInt32(edge)) }
    return digest.text
}
