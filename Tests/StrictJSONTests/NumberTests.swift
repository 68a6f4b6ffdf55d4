import StrictJSON
import Testing

@Suite("Numbers")
struct NumberTests {
    @Test(
        "Whole numbers of 64 bits are exact",
        arguments: [
            ("0", 0), ("-0", 0), ("7", 7), ("-12", -12), ("9007199254740993", 9_007_199_254_740_993),
            ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min),
        ])
    func whole(text: String, expected: Int) throws {
        let value = try parse(text)
        #expect(value.int == expected)
        #expect(value.double == Double(expected))
    }

    @Test(
        "Other numbers are the nearest double",
        arguments: [
            ("9223372036854775808", 9_223_372_036_854_775_808.0),
            ("-9223372036854775809", -9_223_372_036_854_775_808.0),
            ("123456789012345678901234567890", 1.2345678901234568e29), ("1.0", 1.0), ("0.1", 0.1), ("-0.0", -0.0),
            ("1e3", 1000.0),
            ("1E+3", 1000.0), ("25e-1", 2.5), ("1.7976931348623157e308", Double.greatestFiniteMagnitude),
            ("5e-324", Double.leastNonzeroMagnitude), ("2.2250738585072014e-308", Double.leastNormalMagnitude),
            ("0.30000000000000004", 0.1 + 0.2), ("0e999999999", 0.0), ("1e00002", 100.0),
        ])
    func fractional(text: String, expected: Double) throws {
        let value = try parse(text)
        #expect(value.int == nil)
        let double = try #require(value.double)
        #expect(double.bitPattern == expected.bitPattern)
    }

    @Test("What is too small for a double is zero", arguments: ["1e-400", "-1e-400", "1e-99999999999999999999"])
    func tooSmall(text: String) throws {
        #expect(try parse(text).double == 0)
    }

    @Test(
        "What is too large for a double is refused",
        arguments: ["1e400", "-1e400", "1.8e308", "1e99999999999999999999"])
    func tooLarge(text: String) throws {
        let error = try #require(failure(" " + text))
        #expect(error.message == "the number is too large")
        #expect(error.byteOffset == 1)
    }

    @Test("A whole number of more than 308 digits is too large")
    func endless() {
        #expect(failure(String(repeating: "9", count: 400)) != nil)
    }
}
