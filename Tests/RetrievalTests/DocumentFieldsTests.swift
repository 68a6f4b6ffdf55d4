import Retrieval
import StrictJSON
import Testing

@Suite("Ids, fields and filters of documents")
struct DocumentFieldsTests {
    @Test("an id may be any text of at most 512 bytes", arguments: ["a b", "é/塔", "-", "...", "%", "\u{1F5FC}"])
    func ids(id: String) throws {
        #expect(try DocumentID(id).text == id)
        #expect(try DocumentID(String(repeating: "a", count: 512)).text.utf8.count == 512)
    }

    @Test(
        "what may not be in an id is said",
        arguments: [
            ("", "1 to 512"), (".", "'..'"), ("..", "'..'"), ("a\nb", "control"), ("a\u{0}", "control"),
            ("\u{7F}", "control"), ("\u{85}", "control"), (String(repeating: "é", count: 257), "514"),
        ])
    func badIDs(id: String, word: String) {
        let error = #expect(throws: DocumentStoreError.self) { try DocumentID(id) }
        #expect(error?.kind == .id && error?.description.contains(word) == true)
    }

    @Test(
        "fields that break the rules are named",
        arguments: [
            ("", nil, "{}", "title"), ("a\u{0}", nil, "{}", "title"), (nil, "", "{}", "source"),
            (nil, nil, "[]", "metadata"),
            (nil, nil, "{\"a\": null}", "metadata.a"), (nil, nil, "{\"a\": [1]}", "metadata.a"),
            (nil, nil, "{\"a\": {}}", "metadata.a"), (nil, nil, "{\"\": 1}", "metadata: a name"),
            (nil, nil, "{\"a\": \"\\u0000\"}", "metadata.a"), (String(repeating: "a", count: 1025), nil, "{}", "title"),
            (nil, String(repeating: "a", count: 2049), "{}", "source"),
            (nil, nil, "{\"\(String(repeating: "a", count: 129))\": 1}", "metadata: a name"),
            (nil, nil, "{\"a\": \"\(String(repeating: "b", count: 1025))\"}", "metadata.a"),
            (nil, nil, "{" + (0..<65).map { "\"\($0)\": 1" }.joined(separator: ",") + "}", "metadata"),
        ] as [(String?, String?, String, String)])
    func badFields(title: String?, source: String?, metadata: String, field: String) throws {
        let value = try JSONValue.parse(Array(metadata.utf8))
        let error = #expect(throws: DocumentFieldError.self) {
            try DocumentFields(title: title, source: source, metadata: value)
        }
        #expect(error?.field == field && error?.description.hasPrefix(field) == true)
    }

    @Test(
        "filters that break the rules are named",
        arguments: [
            ("[]", "filter"), ("{\"a\": []}", "filter.a"), ("{\"a\": null}", "filter.a"),
            ("{\"a\": [[1]]}", "filter.a"),
            ("{\"a\": {}}", "filter.a"), ("{\"\": 1}", "filter: a name"),
            ("{\"a\": [\((0..<65).map(String.init).joined(separator: ","))]}", "filter.a"),
        ])
    func badFilters(filter: String, field: String) throws {
        let value = try JSONValue.parse(Array(filter.utf8))
        let error = #expect(throws: DocumentFieldError.self) { try DocumentFilter(value) }
        #expect(error?.field == field)
    }
}
