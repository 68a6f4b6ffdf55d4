import StrictJSON
import Testing

@Suite("The grammar of JSON")
struct GrammarTests {
    @Test(
        "Every kind of value is read",
        arguments: [
            ("null", JSONValue.null), ("true", .bool(true)), ("false", .bool(false)), ("0", .int(0)),
            ("\"\"", .string("")),
            ("[]", .array([])), ("{}", .object(JSONObject([]))), ("[[]]", .array([.array([])])),
            (" [ 1 , 2 ] ", .array([.int(1), .int(2)])), ("\t\r\n null \n", .null), ("1.5", .double(1.5)),
            ("{\"a\":{\"b\":[null]}}", .object(JSONObject([("a", .object(JSONObject([("b", .array([.null]))])))]))),
            ("\u{FEFF}[true]", .array([.bool(true)])),
        ])
    func accepted(text: String, expected: JSONValue) throws {
        #expect(try parse(text) == expected)
        try withReader(text) { reader in
            try reader.skipValue()
            try reader.end()
        }
    }

    @Test(
        "What is not JSON is refused, also where it is skipped",
        arguments: [
            "", " ", "\u{FEFF}", "[", "]", "{", "}", "[1,]", "[,1]", "[1 2]", "[1;2]", "[1]]", "{\"a\"}", "{\"a\":}",
            "{\"a\":1,}",
            "{,}", "{\"a\":1 \"b\":2}", "{a:1}", "{'a':1}", "{1:1}", "{\"a\",1}", "[1}", "{\"a\":1]", "nul", "nulL",
            "True", "tru",
            "falsee", "NaN", "Infinity", "-Infinity", "undefined", "'a'", "\"a", "\"a\nb\"", "\"\u{0}\"", "\"a\u{1F}\"",
            "// comment\n1", "/* comment */ 1", "1 // comment", "[1] [2]", "1 2", "\u{A0}1", "\u{2028}1", "\u{C}1",
            "\u{FEFF}\u{FEFF}1",
            "[\u{FEFF}1]", "+1", "01", "-01", "00", "-", "1.", ".5", "1.e3", "1e", "1e+", "1E-", "0x10", "1_000", "--1",
            "1.2.3",
        ])
    func refused(text: String) throws {
        #expect(failure(text) != nil)
        #expect(throws: JSONError.self) {
            try withReader(text) { reader in
                try reader.skipValue()
                try reader.end()
            }
        }
    }

    @Test("A byte order mark inside a string is a character like others")
    func markInString() throws {
        #expect(scalars(try parse("\"\u{FEFF}\"").string) == [0xFEFF])
    }

    @Test("128 objects and arrays may be open at once and no more", arguments: [("[", "]"), ("{\"k\":", "}")])
    func depth(open: String, close: String) throws {
        func nested(_ depth: Int) -> String {
            String(repeating: open, count: depth - 1) + "[]" + String(repeating: close, count: depth - 1)
        }
        #expect(failure(nested(128)) == nil)
        let error = try #require(failure(nested(129)))
        #expect(error.message == "more than 128 objects and arrays inside one another")
        #expect(error.byteOffset == 128 * open.utf8.count)
        #expect(failure(String(repeating: open, count: 200_000)) != nil)
    }

    @Test("The depth counts what is open, not what was")
    func depthOfSiblings() throws {
        let text = "[" + String(repeating: "[{}],", count: 500) + "[]]"
        #expect(try parse(text).array?.count == 501)
    }

    @Test("A reader takes another limit of depth")
    func ownDepthLimit() throws {
        try withReader("[[1]]", depthLimit: 2) { try $0.skipValue() }
        #expect(throws: JSONError.self) { try withReader("[[[1]]]", depthLimit: 2) { try $0.skipValue() } }
    }

    @Test("A document cut off at any byte is refused and never traps")
    func truncation() throws {
        let text = """
            \u{FEFF}{"text": "caf\u{E9} \\u00e9 \\ud83d\\ude00 \u{1F600}\\n", "n": [0, -12, 1.5e-3, true, false, null],
            "object": {"": {}, "list": [[], [""]]}}
            """
        let bytes = Array(text.utf8)
        #expect(failure(bytes) == nil)
        for count in bytes.indices {
            let error = try #require(failure(Array(bytes[..<count])), "accepted when cut off after \(count) bytes")
            #expect(error.byteOffset <= count)
            #expect(error.line >= 1 && error.column >= 1)
        }
    }

    @Test("A byte changed to any other never traps")
    func corruption() {
        let bytes = Array("{\"a\\u00e9\\ud83d\\ude00\": [0, -1.5e3, true, null, \"\u{E9}\"]}".utf8)
        for index in bytes.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = bytes
                changed[index] = byte
                if let error = failure(changed) { #expect(error.byteOffset <= changed.count) }
            }
        }
    }

    @Test("The reader hands out one piece at a time")
    func pulling() throws {
        try withReader(" { \"a\" : [ 1 , true ] , \"b\" : null, \"c\": \"x\" } ") { reader in
            #expect(try reader.peek() == .object)
            try reader.beginObject()
            #expect(try reader.nextKey(first: true) == "a")
            #expect(try reader.peek() == .array)
            try reader.beginArray()
            #expect(try reader.nextElement(first: true))
            #expect(try reader.peek() == .number)
            #expect(try reader.number().int == 1)
            #expect(try reader.nextElement(first: false))
            #expect(try reader.peek() == .bool)
            #expect(try reader.bool())
            #expect(try !reader.nextElement(first: false))
            #expect(try reader.nextKey(first: false) == "b")
            #expect(try reader.peek() == .null)
            try reader.null()
            #expect(try reader.nextKey(first: false) == "c")
            #expect(try reader.peek() == .string)
            #expect(try reader.string() == "x")
            #expect(try reader.nextKey(first: false) == nil)
            try reader.end()
        }
    }

    @Test("Taking a value of another kind is an error")
    func otherKinds() {
        #expect(throws: JSONError.self) { try withReader("1") { try $0.string() } }
        #expect(throws: JSONError.self) { try withReader("\"1\"") { _ = try $0.number() } }
        #expect(throws: JSONError.self) { try withReader("[]") { try $0.beginObject() } }
        #expect(throws: JSONError.self) { try withReader("{}") { try $0.beginArray() } }
        #expect(throws: JSONError.self) { try withReader("null") { try $0.bool() } }
        #expect(throws: JSONError.self) { try withReader("true") { try $0.null() } }
        #expect(throws: JSONError.self) { try withReader("") { try $0.null() } }
    }
}
