import Testing
import Tokenizers

@Suite("Vocabularies")
struct VocabularyTests {
    @Test("Tokens are told apart byte for byte")
    func bytewise() throws {
        let vocabulary = try Vocabulary(["[UNK]", "[CLS]", "[SEP]", "\u{e9}", "e\u{301}"])
        #expect(vocabulary.count == 5)
        #expect(vocabulary.id(of: "\u{e9}") == 3)
        #expect(vocabulary.id(of: "e\u{301}") == 4)
        #expect(vocabulary.id(of: "e") == nil)
        #expect(vocabulary[4]?.isIdentical(to: "e\u{301}") == true)
        #expect(vocabulary[5] == nil && vocabulary[-1] == nil)
    }

    @Test("Of a token that is there twice the last id counts")
    func duplicates() throws {
        let vocabulary = try Vocabulary(["[UNK]", "a", "b", "a"])
        #expect(vocabulary.id(of: "a") == 3 && vocabulary[3] == "a" && vocabulary[1] == nil)
        #expect(vocabulary.count == 4 && vocabulary.pieceCount == 3)
    }

    @Test("Added tokens continue the ids of the model and are no pieces")
    func addedTokens() throws {
        let vocabulary = try Vocabulary(["[UNK]", "[CLS]", "[SEP]"])
        #expect(try Tokenizer(vocabulary: vocabulary).tokenize("word").ids == [0])
        let special = ["[UNK]", "[CLS]", "[SEP]"].map { AddedToken($0) }
        let tokenizer = try Tokenizer(vocabulary: vocabulary, addedTokens: special + [AddedToken("word")])
        #expect(tokenizer.vocabulary.count == 4 && tokenizer.vocabulary.pieceCount == 3)
        #expect(tokenizer.vocabulary.id(of: "word") == 3 && tokenizer.vocabulary[3] == "word")
        #expect(tokenizer.tokenize("words").ids == [3, 0])
    }

    @Test("A vocabulary without a token every input needs is refused", arguments: ["[UNK]", "[CLS]", "[SEP]"])
    func missing(_ token: String) throws {
        let vocabulary = try Vocabulary(["[UNK]", "[CLS]", "[SEP]", "a"].filter { $0 != token })
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(vocabulary: vocabulary) }
        #expect(error?.message.contains("the vocabulary has no \(token) token") == true)
    }

    @Test(
        "Scalar offsets and byte offsets convert into each other",
        arguments: ["", "abc", "é", "aé東𝔘b", "👩‍👩‍👧‍👦e\u{301}"])
    func scalarOffsets(_ text: String) {
        let offsets = ScalarOffsets(text)
        let scalars = Array(text.unicodeScalars)
        #expect(offsets.scalarCount == scalars.count)
        var byte: Int32 = 0
        for (index, scalar) in scalars.enumerated() {
            let next = byte + Int32(UTF8.width(scalar))
            #expect(offsets.scalars(utf8: byte..<next) == index..<index + 1)
            #expect(offsets.utf8(scalars: index..<index + 1) == Int(byte)..<Int(next))
            byte = next
        }
        #expect(offsets.utf8(scalars: 0..<scalars.count) == 0..<text.utf8.count)
        #expect(offsets.utf8(scalars: 0..<scalars.count + 1) == nil)
    }
}
