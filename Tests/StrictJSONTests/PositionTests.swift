import StrictJSON
import Testing

@Suite("Places in error messages")
struct PositionTests {
    struct Case: Sendable {
        let text: String
        let line: Int
        let column: Int
        let byteOffset: Int
        let message: String
    }

    @Test(
        "The line, the column in characters and the byte are those of the first thing that is wrong",
        arguments: [
            Case(text: "", line: 1, column: 1, byteOffset: 0, message: "the file is empty"),
            Case(
                text: "[1,", line: 1, column: 4, byteOffset: 3,
                message: "the file ends where the rest of an array should follow"),
            Case(text: "[1,\n 2,\n x]", line: 3, column: 2, byteOffset: 9, message: "expected a value"),
            Case(text: "{\"a\" 1}", line: 1, column: 6, byteOffset: 5, message: "expected ':' after a key"),
            Case(
                text: "{\"a\":\r\n  1 2}", line: 2, column: 5, byteOffset: 11,
                message: "expected ',' or '}' in an object"),
            Case(text: "{a", line: 1, column: 2, byteOffset: 1, message: "expected a key in quotes"),
            Case(text: "[1,]", line: 1, column: 4, byteOffset: 3, message: "a comma before ']'"),
            Case(text: "[\"\u{E9}\u{1F600}\", x]", line: 1, column: 8, byteOffset: 11, message: "expected a value"),
            Case(text: "[\"e\u{301}\", x]", line: 1, column: 8, byteOffset: 8, message: "expected a value"),
            Case(text: "\u{FEFF}x", line: 1, column: 1, byteOffset: 3, message: "expected a value"),
            Case(
                text: "1\n2", line: 2, column: 1, byteOffset: 2,
                message: "there is more after the end of the document"),
            Case(text: "[tru]", line: 1, column: 2, byteOffset: 1, message: "expected true"),
            Case(text: "\"ab\\x\"", line: 1, column: 4, byteOffset: 3, message: "unknown escape in a string"),
            Case(
                text: "\"ab\ncd\"", line: 1, column: 4, byteOffset: 3,
                message: "a control character in a string must be escaped"),
            Case(text: "[\"ab", line: 1, column: 5, byteOffset: 4, message: "the file ends inside a string"),
            Case(text: "[1, 1e999]", line: 1, column: 5, byteOffset: 4, message: "the number is too large"),
        ])
    func place(of expected: Case) throws {
        let error = try #require(failure(expected.text))
        #expect(error.line == expected.line)
        #expect(error.column == expected.column)
        #expect(error.byteOffset == expected.byteOffset)
        #expect(error.message == expected.message)
        #expect(error.description == "line \(expected.line), column \(expected.column): \(expected.message)")
    }

    @Test("A reader names its own place")
    func readersPlace() throws {
        try withReader("{\n \"a\": 5}") { reader in
            try reader.beginObject()
            _ = try reader.nextKey(first: true)
            _ = try reader.peek()
            let error = reader.error("five is not wanted")
            #expect(error.description == "line 2, column 7: five is not wanted")
            #expect(error.byteOffset == reader.byteOffset)
        }
    }
}
