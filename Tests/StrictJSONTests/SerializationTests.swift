import StrictJSON
import Testing

@Suite("Writing JSON")
struct SerializationTests {
    @Test(
        "A compact document is written as it was read",
        arguments: [
            "null", "true", "false", "0", "-1", "9223372036854775807", "1.5", "-0.0", "1e+100", "5e-324", "0.1", "[]",
            "{}", "\"\"",
            "[1,[2,{}],null]", #"{"b":1,"a":{"c":[true,false]}}"#, #""\"\\\n\r\t\b\f\u0000\u001f""#,
            "\"\u{7F}\u{E9}\u{2028}/\u{1F600}\"",
            "{\"\u{E9}\":1,\"e\u{301}\":2}",
        ])
    func roundTrip(text: String) throws {
        let value = try parse(text)
        #expect(Array(value.serialized().utf8) == Array(text.utf8))
        #expect(try parse(value.serialized(pretty: true)) == value)
    }

    @Test("A pretty document has one member or element a line")
    func pretty() throws {
        let value = try parse(#"{"b":[1,{"x":null}],"a":{},"c":[]}"#)
        let expected = """
            {
              "b": [
                1,
                {
                  "x": null
                }
              ],
              "a": {},
              "c": []
            }
            """
        #expect(value.serialized(pretty: true) == expected)
    }

    @Test("Sorted keys come in the order of their bytes, at every depth")
    func sorted() throws {
        let value = try parse(#"{"b":1,"a":{"z":1,"y":2},"B":2,"\ud83d\ude00":3,"\uffee":4,"":5}"#)
        let expected = "{\"\":5,\"B\":2,\"a\":{\"y\":2,\"z\":1},\"b\":1,\"\u{FFEE}\":4,\"\u{1F600}\":3}"
        #expect(value.serialized(sortedKeys: true) == expected)
    }

    @Test("What JSON has no number for is written as null", arguments: [Double.infinity, -.infinity, .nan])
    func nonFinite(value: Double) {
        #expect(JSONValue.double(value).serialized() == "null")
    }

    @Test(
        "Doubles come back bit for bit",
        arguments: [
            0.0, -0.0, 1.0, 1.0 / 3, 1e16, 1e21, 1e22, 123_456_789.123, 2.5e-8, .pi, .leastNonzeroMagnitude,
            .greatestFiniteMagnitude, .ulpOfOne,
        ])
    func doubles(value: Double) throws {
        #expect(try parse(JSONValue.double(value).serialized()).double?.bitPattern == value.bitPattern)
    }

    @Test("Every scalar survives in a string")
    func everyScalar() throws {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: (0...UInt32(0x10FFFF)).lazy.compactMap(Unicode.Scalar.init))
        let text = String(view)
        let back = try parse(JSONValue.string(text).serialized()).string
        #expect(back.map { $0.utf8.elementsEqual(text.utf8) } == true)
    }

    @Test("an object written member by member is the text of the whole one", arguments: [0, 1, 3])
    func members(_ count: Int) {
        let members: [(String, JSONValue)] = [
            ("a \"b\"", .array([.int(1), .object(JSONObject([("x", .double(0.1))]))])), ("\u{E9}\n", .string("text")),
            ("c", .null),
        ]
        var text: [UInt8] = []
        var writer = JSONObjectWriter()
        for (key, value) in members.prefix(count) { writer.add(key, value, to: &text) }
        writer.finish(&text)
        let whole = JSONValue.object(JSONObject(Array(members.prefix(count)))).serialized(pretty: true) + "\n"
        #expect(String(decoding: text, as: UTF8.self) == whole)
    }
}
