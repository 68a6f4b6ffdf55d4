import Foundation
import Testing
import Tokenizers

@Suite("Model folders in the forms that programs write")
struct FolderTests {
    struct Row: Decodable, Sendable {
        let first: String
        let second: String?
        let ids: [Int32]
        let types: [Int32]
        let offsets: [Int]
        let tokens: [String]
    }
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let files: [String: String]
        let told: String?
        let refused: String?
        let rows: [Row]
        var testDescription: String { name }

        func folder() throws -> TemporaryFolder {
            let folder = try TemporaryFolder()
            for (name, text) in files { try folder.write(text, to: name) }
            return folder
        }

        func tokenizer() throws -> Tokenizer {
            let folder = try folder()
            defer { withExtendedLifetime(folder) {} }
            return try Tokenizer(directory: folder.path)
        }
    }

    /// Names of files are keys here, so they are decoded as they stand.
    private struct Table: Decodable { let value: [Case] }

    static let cases: [Case] = {
        let data = try? Data(contentsOf: URL(fileURLWithPath: Fixtures.path("folders.json")))
        return data.flatMap { try? JSONDecoder().decode(Table.self, from: $0).value } ?? []
    }()
    static let read = cases.filter { $0.refused == nil }
    static let refused = cases.filter { $0.refused != nil }

    private func expectRows(of row: Case, _ tokenizer: Tokenizer) throws {
        #expect(!row.rows.isEmpty)
        for expected in row.rows {
            let encoding =
                try expected.second.map { try tokenizer.encode(expected.first, $0) } ?? tokenizer.encode(expected.first)
            let comment = "\(expected.first.debugDescription)"
            #expect(encoding.ids == expected.ids, "\(comment)")
            #expect(encoding.typeIDs == expected.types, "\(comment)")
            #expect(
                scalarEdges(encoding, first: expected.first, second: expected.second ?? "") == expected.offsets,
                "\(comment)")
            let spellings = tokenizer.spellings(of: encoding, first: expected.first, second: expected.second ?? "")
            #expect(spellings.elementsEqual(expected.tokens) { $0.isIdentical(to: $1) }, "\(comment): \(spellings)")
        }
    }

    @Test("Ids, segments, offsets and spellings are those of transformers", arguments: read)
    func reads(_ row: Case) throws {
        #expect(Self.cases.count > 80)
        try expectRows(of: row, row.tokenizer())
    }

    @Test("What contradicts itself is told, and nothing else is", arguments: read)
    func tells(_ row: Case) throws {
        let warnings = try row.tokenizer().warnings
        if let told = row.told {
            #expect(warnings.contains { $0.contains(told) }, "\(warnings)")
        } else {
            #expect(warnings.isEmpty, "\(warnings)")
        }
    }

    @Test("What cannot be done is refused, the file and the setting named", arguments: refused)
    func refuses(_ row: Case) throws {
        let folder = try row.folder()
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(directory: folder.path) }
        #expect(error?.message.contains(row.refused ?? "") == true, "\(error?.message ?? "")")
        #expect(error?.message.hasPrefix(folder.path) == true, "\(error?.message ?? "")")
    }

    @Test("What is saved again makes the same tokens, and contradicts itself no longer", arguments: read)
    func savesAgain(_ row: Case) throws {
        let saved = try TemporaryFolder()
        try row.tokenizer().save(to: saved.path)
        // As a model's folder has it; transformers would read the tokenizer.json of another model type as it stands.
        try saved.write(#"{"model_type": "bert"}"#, to: "config.json")
        let again = try Tokenizer(directory: saved.path)
        try expectRows(of: row, again)
        let isHollow =
            row.told.map { $0.contains("The") || $0.contains("harbour") || $0.contains("token") || $0 == "newtok" }
            ?? false
        if !isHollow { #expect(again.warnings.isEmpty, "\(again.warnings)") }
    }

    @Test("Of several versions of tokenizer.json the last one that transformers knows is read")
    func versions() throws {
        let row = try #require(Self.read.first { $0.name == "tokenizers 0.8" })
        let folder = try row.folder()
        let file = try #require(row.files["tokenizer.json"])
        try folder.write(file, to: "tokenizer.4.0.0.json")
        for name in ["tokenizer.json", "tokenizer.3.9.json", "tokenizer.99.0.json", "tokenizer.x.json"] {
            try folder.write("{}", to: name)
        }
        let names = #"["tokenizer.99.0.json", "tokenizer.4.0.0.json", "tokenizer.3.9.json", "tokenizer.x.json"]"#
        try folder.write(#"{"do_lower_case": false, "fast_tokenizer_files": \#(names)}"#, to: "tokenizer_config.json")
        try expectRows(of: row, Tokenizer(directory: folder.path))
    }

    @Test(
        "A vocabulary of capitals in lower case, and one of small letters that keeps capitals, are told",
        arguments: [
            ("Harbour", true, true), ("Harbour", false, false), ("harbour", true, false), ("harbour", false, true),
        ])
    func letterCase(_ word: String, _ lowercases: Bool, _ isTold: Bool) throws {
        let folder = try TemporaryFolder()
        let words = (0..<60).map { "\(word)\($0)" }
        let tokens = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "[UNUSED]", "quay"] + words
        try folder.write(tokens.joined(separator: "\n"), to: "vocab.txt")
        try folder.write(#"{"do_lower_case": \#(lowercases)}"#, to: "tokenizer_config.json")
        let warnings = try Tokenizer(directory: folder.path).warnings
        #expect(
            warnings.contains { $0.contains("capital letter") && $0.contains("do_lower_case") } == isTold, "\(warnings)"
        )
        #expect(warnings.isEmpty == !isTold)
    }

    @Test("A token beyond the model's rows that no list names can be left out; then it is text")
    func beyondRows() throws {
        let row = try #require(Self.read.first { $0.name == "no [MASK]" })
        let tokenizer = try row.tokenizer()
        #expect(tokenizer.listedCount == tokenizer.vocabulary.count - 1)
        #expect(tokenizer.maskID == Int32(tokenizer.listedCount))
        let fitting = try tokenizer.withoutAddedTokens(from: tokenizer.listedCount)
        #expect(fitting.vocabulary.count == tokenizer.listedCount && fitting.maskID == nil)
        #expect(fitting.tokenize("a [MASK] b").ids == fitting.tokenize("a [ MASK ] b").ids)
        let tokens = ["[UNK]", "[SEP]", "a"]
        let special = try Tokenizer(vocabulary: Vocabulary(tokens), addedTokens: [AddedToken("[CLS]")])
        #expect(special.clsID == 3)
        #expect(throws: TokenizerError.self) { try special.withoutAddedTokens(from: 3) }
    }

    @Test(
        "Added tokens load in time that grows with their number",
        arguments: ["tokenizer.json", "added_tokens.json", "tokenizer_config.json"])
    func manyAddedTokens(_ list: String) throws {
        let times = try [5_000, 20_000].map { count in
            let folder = try TemporaryFolder()
            try folder.copy("vocab-uncased.txt", to: "vocab.txt")
            try folder.write(Self.files(list, count: count), to: list)
            let tokenizer = try Tokenizer(directory: folder.path)
            #expect(tokenizer.addedTokens.count >= count && tokenizer.warnings.count < 3)
            #expect(tokenizer.tokenize("the cmpd000123x.").ids.contains(651 + 123))
            let clock = ContinuousClock()
            return try (0..<2).map { _ in try clock.measure { _ = try Tokenizer(directory: folder.path) } }.min()
                ?? .zero
        }
        // Sixteen times as long would be quadratic.
        #expect(times[1] < times[0] * 9 + .milliseconds(100), "\(times)")
    }

    private static func files(_ list: String, count: Int) throws -> String {
        let tokens = (0..<count).map { number in
            let digits = String(number)
            return (id: 651 + number, content: "cmpd" + String(repeating: "0", count: 6 - digits.count) + digits + "x")
        }
        let flags = #""single_word": false, "lstrip": false, "rstrip": false, "normalized": true, "special": false"#
        switch list {
        case "added_tokens.json": return "{" + tokens.map { "\"\($0.content)\": \($0.id)" }.joined(separator: ",") + "}"
        case "tokenizer.json":
            let saved = try String(contentsOfFile: Fixtures.path("saved-uncased/tokenizer.json"), encoding: .utf8)
            let entries = tokens.map { "{\"id\": \($0.id), \"content\": \"\($0.content)\", \(flags)}" }
            let place = try #require(saved.range(of: "\"added_tokens\": ["))
            return saved.replacingCharacters(
                in: place, with: "\"added_tokens\": [" + entries.joined(separator: ",") + ",")
        default:
            let entries = tokens.map { "\"\($0.id)\": {\"content\": \"\($0.content)\", \(flags)}" }
            return "{\"added_tokens_decoder\": {" + entries.joined(separator: ",") + "}}"
        }
    }
}
