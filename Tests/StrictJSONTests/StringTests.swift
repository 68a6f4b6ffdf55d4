import StrictJSON
import Testing

@Suite("Strings")
struct StringTests {
    @Test(
        "Escapes stand for their characters",
        arguments: [
            (#""\"\\\/\b\f\n\r\t""#, [0x22, 0x5C, 0x2F, 8, 12, 10, 13, 9] as [UInt32]),
            (#""\u0041\u00e9\u00E9""#, [0x41, 0xE9, 0xE9]),
            (#""\u0000""#, [0]), (#""\ud83d\ude00""#, [0x1F600]), (#""\uD800\uDC00""#, [0x10000]),
            (#""\udbff\udfff""#, [0x10FFFF]),
            (#""\ud7ff\ue000""#, [0xD7FF, 0xE000]), (#""\uffff\ufeff""#, [0xFFFF, 0xFEFF]),
            (#""e\u0301""#, [0x65, 0x301]),
            (#""x\ud83d\ude00y\n""#, [0x78, 0x1F600, 0x79, 10]), (#""é\u00e9😀""#, [0xE9, 0xE9, 0x1F600]),
            (#""\\u0041""#, [0x5C, 0x75, 0x30, 0x30, 0x34, 0x31]),
            ("\"\u{7F}\u{80}\u{2028}\"", [0x7F, 0x80, 0x2028]),
        ])
    func escapes(text: String, expected: [UInt32]) throws {
        #expect(scalars(try parse(text).string) == expected)
    }

    @Test(
        "Half a surrogate pair is refused at its place",
        arguments: [
            #""ab\ud83d""#, #""ab\ude00""#, #""ab\ud83d\ud83d""#, #""ab\ude00\ud83d""#, #""ab\ud83dx""#,
            #""ab\ud83d\n""#,
            #""ab\ud83d\u0041""#, #""ab\ud83d ude00""#, #""ab\uDFFF""#,
        ])
    func loneSurrogates(text: String) throws {
        let error = try #require(failure(text))
        #expect(error.message.contains("lone surrogate"))
        #expect(error.byteOffset == 3)
    }

    @Test(
        "Malformed escapes are refused",
        arguments: [
            #""\""#, #""\x41""#, #""\u""#, #""\u12""#, #""\u12g4""#, #""\u 123""#, #""\u+123""#, #""\U0041""#, #""\a""#,
            #""\0""#, #""\'""#, #""\ud83d\u12""#,
        ])
    func malformed(text: String) {
        #expect(failure(text) != nil)
    }

    @Test(
        "Bytes that are not UTF-8 are refused, with and without escapes in the string",
        arguments: [
            [0x80], [0xBF], [0xFF], [0xFE], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xC0, 0xAF], [0xC1, 0x81],
            [0xE0, 0x80, 0xAF],
            [0xF0, 0x80, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80],
            [0xF8, 0x88, 0x80, 0x80, 0x80],
        ] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) throws {
        let plain = try #require(failure(Array("\"\u{E9}".utf8) + bytes + Array("\"".utf8)))
        #expect(plain.message == "invalid UTF-8; JSON must be in UTF-8")
        #expect(plain.byteOffset == 3)
        #expect(plain.column == 3)
        let escaped = try #require(failure(Array("\"\\n".utf8) + bytes + Array("\"".utf8)))
        #expect(escaped.message.contains("invalid UTF-8"))
        #expect(failure(Array("{\"".utf8) + bytes + Array("\":1}".utf8)) != nil)
        #expect(failure(Array("[1,".utf8) + bytes + Array("]".utf8)) != nil)
    }

    @Test("A two-byte character cannot be pieced together across an escape")
    func splitCharacter() {
        #expect(failure([0x22, 0xC3, 0x5C, 0x6E, 0xA9, 0x22]) != nil)
    }
}

@Suite("Objects")
struct ObjectTests {
    @Test("Members keep their order and are found by their keys")
    func order() throws {
        let object = try #require(try parse(#"{"b": 1, "a": 2, "": 3, "B": 4}"#).object)
        #expect(object.map(\.key) == ["b", "a", "", "B"])
        #expect(object["a"] == .int(2))
        #expect(object[""] == .int(3))
        #expect(object["c"] == nil)
        #expect(object.count == 4)
    }

    @Test(
        "A key twice in one object is refused, however it is written",
        arguments: [#"{"a":1,"a":1}"#, #"{"a":1,"\u0061":2}"#, #"{"":1,"b":2,"":3}"#])
    func duplicates(text: String) throws {
        let error = try #require(failure("[0, " + text + "]"))
        #expect(error.message.contains("twice"))
        #expect(error.byteOffset == 4)
    }

    @Test("The message names the key that comes twice")
    func duplicateName() throws {
        let error = try #require(failure(#"{"x": 1, "answer": {"y": 1}, "z": 2, "answer": 3}"#))
        #expect(error.message.contains("\"answer\""))
    }

    @Test("One key in two objects is no duplicate")
    func sameKeyElsewhere() {
        #expect(failure(#"[{"a":{"a":1}},{"a":2}]"#) == nil)
    }

    @Test("Canonically equivalent keys are different keys")
    func canonicalEquivalence() throws {
        let object = try #require(try parse(#"{"\u00e9": 1, "e\u0301": 2, "\u212b": 3, "\u00c5": 4}"#).object)
        #expect(object["\u{E9}"]?.int == 1)
        #expect(object["e\u{301}"]?.int == 2)
        #expect(object["\u{212B}"]?.int == 3)
        #expect(object["\u{C5}"]?.int == 4)
    }

    @Test("Of members made with one key the first is found")
    func firstWins() {
        let object = JSONObject([("a", .int(1)), ("a", .int(2))])
        #expect(object["a"] == .int(1))
        #expect(object.count == 2)
    }

    @Test("Accessors give nothing for other kinds")
    func accessors() {
        let values: [JSONValue] = [.null, .bool(true), .int(1), .string("s"), .array([]), .object(JSONObject([]))]
        #expect(values.map { $0.bool != nil } == [false, true, false, false, false, false])
        #expect(values.map { $0.int != nil } == [false, false, true, false, false, false])
        #expect(values.map { $0.double != nil } == [false, false, true, false, false, false])
        #expect(values.map { $0.string != nil } == [false, false, false, true, false, false])
        #expect(values.map { $0.array != nil } == [false, false, false, false, true, false])
        #expect(values.map { $0.object != nil } == [false, false, false, false, false, true])
        #expect(values.allSatisfy { $0["key"] == nil })
    }
}
