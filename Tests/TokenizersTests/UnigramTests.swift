import Foundation
import Testing
import Tokenizers

/// - Source: the fixtures of Tools/make_unigram_fixtures.py.
@Suite("Unigram models of sentencepiece")
struct UnigramTests {
    struct Case: Decodable {
        let text: String
        let ids: [Int32]
        let xlmRoberta: String
        let camembert: String

        enum CodingKeys: String, CodingKey {
            case text, ids, camembert
            case xlmRoberta = "xlm-roberta"
        }
    }

    struct Settings: Decodable {
        struct Setting: Decodable {
            let name: String
            let preTokenizer: String
            let more: String
            let byteFallback: Bool
            let rows: [String]
        }
        let vocabulary: String
        let unknown: Int
        let normalizer: String
        let settings: [Setting]
    }

    struct WholeFile: Decodable {
        struct Result: Decodable {
            let text: String
            let ids: [Int32]
            let offsets: [Int]
        }
        let name: String
        let file: String
        let results: [Result]
    }

    // MARK: Models without a tokenizer.json

    static func tokenizer(_ family: String, _ tokenizerClass: String) throws -> Tokenizer {
        let folder = try folder(family, tokenizerClass)
        return try withExtendedLifetime(folder) { try Tokenizer(directory: folder.path) }
    }

    /// A folder as models before tokenizer.json are: the sentencepiece model, and the name of the class.
    static func folder(_ family: String, _ tokenizerClass: String, model: Data? = nil) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let name = "sentencepiece.bpe.model"
        if let model {
            try model.write(to: URL(fileURLWithPath: folder.path + "/" + name))
        } else {
            try folder.copy("unigram/" + name, to: name)
        }
        try folder.write(#"{"model_type": "\#(family)"}"#, to: "config.json")
        try folder.write(#"{"tokenizer_class": "\#(tokenizerClass)"}"#, to: "tokenizer_config.json")
        return folder
    }

    @Test(
        "A sentencepiece model gives the ids, positions, spellings and decoded texts of transformers",
        arguments: [("xlm-roberta", "XLMRobertaTokenizer"), ("camembert", "CamembertTokenizer")])
    func families(_ family: String, _ tokenizerClass: String) throws {
        let cases: [Case] = try Fixtures.load("unigram/encode.json")
        let tokenizer = try Self.tokenizer(family, tokenizerClass)
        #expect(cases.count > 190)
        for row in cases {
            let encoding = tokenizer.encode(row.text)
            if family == "xlm-roberta" { #expect(encoding.ids == row.ids, "\(row.text.debugDescription)") }
            let texts = tokenizer.spellings(of: encoding, first: row.text) + [tokenizer.decode(encoding.ids)]
            let expected = family == "xlm-roberta" ? row.xlmRoberta : row.camembert
            #expect(digest(encoding, row.text, texts) == expected, "\(row.text.debugDescription)")
        }
    }

    @Test("A word of a megabyte takes about as long as many short ones")
    func longWord() throws {
        let tokenizer = try Self.tokenizer("xlm-roberta", "XLMRobertaTokenizer")
        let clock = ContinuousClock()
        var tokens = TokenizedText(ids: [], offsets: [])
        let short = clock.measure {
            for _ in 0..<100 { tokens = tokenizer.tokenize(String(repeating: "abcdefghij", count: 100)) }
        }
        let count = tokens.count
        let long = clock.measure { tokens = tokenizer.tokenize(String(repeating: "abcdefghij", count: 10_000)) }
        #expect(tokens.count > 90 * count)
        #expect(tokens.offsets.last?.upperBound == 100_000)
        #expect(long < short * 20)
    }

    // MARK: Sections of tokenizer.json

    @Test("Every setting of Metaspace and of the model gives what the library gives")
    func settings() throws {
        let cases: [Case] = try Fixtures.load("unigram/encode.json")
        let fixture: Settings = try Fixtures.load("unigram/settings.json")
        let texts = cases.indices.filter { $0.isMultiple(of: 3) }.map { cases[$0].text }
        #expect(fixture.settings.count > 12)
        for setting in fixture.settings {
            let tokenizer = try Self.tokenizer(file(fixture, setting))
            #expect(setting.rows.count == texts.count)
            for (text, expected) in zip(texts, setting.rows) {
                let encoding = tokenizer.encode(text)
                let decoded = tokenizer.decode(encoding.ids)
                #expect(digest(encoding, text, [decoded]) == expected, "\(setting.name): \(text.debugDescription)")
            }
        }
    }

    @Test("Equal and odd scores, and rules that remove, add and join characters, give what the library gives")
    func wholeFiles() throws {
        let files: [WholeFile] = try Fixtures.load("unigram/files.json")
        #expect(files.count > 7)
        for file in files {
            let tokenizer = try Self.tokenizer(file.file)
            for row in file.results {
                let encoding = tokenizer.encode(row.text)
                #expect(encoding.ids == row.ids, "\(file.name): \(row.text.debugDescription)")
                let edges = scalarEdges(encoding, first: row.text, second: "")
                #expect(edges == row.offsets, "\(file.name): \(row.text.debugDescription)")
            }
        }
    }

    /// The file that the script gave to the library.
    private func file(_ fixture: Settings, _ setting: Settings.Setting) -> String {
        let more = setting.more == "[]" ? "" : "," + setting.more.dropFirst().dropLast()
        let section = setting.preTokenizer
        let decoder =
            section.contains("WhitespaceSplit")
            ? section.dropFirst(section.distance(to: #"{"type":"Metaspace""#)).dropLast(2) : section[...]
        return """
            {"version": "1.0", "truncation": null, "padding": null, "added_tokens": \(addedTokens(fixture)),
            "normalizer": \(fixture.normalizer), "pre_tokenizer": \(section), "decoder": \(decoder),
            "post_processor": {"type": "TemplateProcessing", \(Self.template)},
            "model": {"type": "Unigram", "unk_id": \(fixture.unknown), "byte_fallback": \(setting.byteFallback),
            "vocab": \(fixture.vocabulary.dropLast())\(more)]}}
            """
    }

    private func addedTokens(_ fixture: Settings) -> String {
        let count = fixture.vocabulary.split(separator: "],[").count
        let tokens = [("<s>", 0), ("<pad>", 1), ("</s>", 2), ("<unk>", 3), ("<mask>", count - 1)].map {
            """
            {"id": \($1), "content": "\($0)", "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": true}
            """
        }
        return "[\(tokens.joined(separator: ","))]"
    }

    private static let template = """
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "</s>", "type_id": 0}}],
        "pair": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "</s>", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}},
        {"Sequence": {"id": "B", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]},
        "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]}}
        """

    static func tokenizer(_ file: String) throws -> Tokenizer {
        let folder = try TemporaryFolder()
        try folder.write(file, to: "tokenizer.json")
        return try withExtendedLifetime(folder) { try Tokenizer(directory: folder.path) }
    }

    // MARK: Files that are not what they should be

    @Test(
        "Replacements that cannot be read are refused, whatever is wrong with them",
        arguments: [
            ("", "0 bytes"), ("AAAA", "3 bytes"), ("AAAAAA==", "tree is empty"), ("/////w==", "does not fit"),
            // One unit that leads to unit 2^21 - 1.
            ("BAAAAAD8/38=", "leads to unit"),
            // The root ends a key, and its replacement would begin at byte 256 of none.
            ("BAAAAAABAAA=", "begins at byte"),
            ("BAAAAAAAAAD/", "not valid UTF-8"), ("not base64!", "base64"),
        ])
    func brokenMaps(_ map: String, _ told: String) throws {
        let files: [WholeFile] = try Fixtures.load("unigram/files.json")
        let file = try #require(files.first { $0.name == "rules: grows" }).file
        let key = #""precompiled_charsmap":""#
        let start = try #require(file.range(of: key)).upperBound
        let end = try #require(file.range(of: "\"", range: start..<file.endIndex)).lowerBound
        let error = try #require(throws: TokenizerError.self) {
            try Self.tokenizer(file.replacingCharacters(in: start..<end, with: map))
        }
        #expect(error.message.contains("tokenizer.json") && error.message.lowercased().contains(told.lowercased()))
    }

    @Test("A damaged sentencepiece model is refused or read, and never ends the program")
    func damagedModels() throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("unigram/sentencepiece.bpe.model")))
        var generator = SeededGenerator(state: 24)
        var refused = 0
        for round in 0..<60 {
            var data = whole
            if round.isMultiple(of: 2) {
                data = data.prefix(Int.random(in: 0..<data.count, using: &generator))
            } else {
                for _ in 0..<200 {
                    data[Int.random(in: 0..<data.count, using: &generator)] = .random(in: 0...255, using: &generator)
                }
            }
            do {
                let folder = try Self.folder("xlm-roberta", "XLMRobertaTokenizer", model: data)
                let tokenizer = try withExtendedLifetime(folder) { try Tokenizer(directory: folder.path) }
                _ = tokenizer.encode("ﬁrst ａnd ½ second \u{1F600}\u{200D}")
            } catch let error as TokenizerError {
                #expect(error.message.contains("sentencepiece.bpe.model"), "\(error)")
                refused += 1
            }
        }
        #expect(refused > 30)
    }

    private struct SeededGenerator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }
}

extension String {
    /// How many characters are before a text, which must be there.
    fileprivate func distance(to text: String) -> Int {
        range(of: text).map { distance(from: startIndex, to: $0.lowerBound) } ?? 0
    }
}

/// FNV-1a of ids, positions and the bytes of texts, each as four bytes, as Tools/make_unigram_fixtures.py has it.
private func digest(_ encoding: Encoding, _ text: String, _ texts: [String]) -> String {
    var digest = SquadParityTests.emptyDigest
    SquadParityTests.mix(encoding.ids, into: &digest)
    SquadParityTests.mix(scalarEdges(encoding, first: text, second: "").map { Int32($0) }, into: &digest)
    for text in texts { SquadParityTests.mix(text.utf8.map { Int32($0) }, into: &digest) }
    return SquadParityTests.hexadecimal(digest, digits: 16)
}
