import Checkpoints
import Scratch
import Testing

private let path = "some/model.safetensors"

private func header(_ bytes: [UInt8]) throws -> SafetensorsHeader {
    try bytes.withUnsafeBytes { bytes in try SafetensorsHeader(bytes, path: path) }
}

/// The rules of the format, each with words of the message for a file that breaks it.
private enum Rule: String, Sendable {
    case tooShort = "fewer than the 8 of the header's length"
    case headerTooLong = "its header would be"
    case headerTruncated = "ends inside its header"
    case headerStart = "does not begin with '{'"
    case headerJSON = "not valid JSON"
    case key = "has the key \"x\" twice"
    case repeated = "the name occurs twice"
    case metadata = "__metadata__"
    case entry = "entry is not"
    case missingType = "'dtype' is missing"
    case missingShape = "'shape' is missing"
    case missingOffsets = "'data_offsets' is missing"
    case number = "something other than a whole number"
    case offsetCount = "numbers instead of 2"
    case elementType = "unknown element type"
    case shape = "cannot have the shape"
    case offsets = "cannot be at offsets"
    case gap = "there is a gap before it"
    case overlap = "overlaps the tensor before it"
    case size = "but its offsets span"
    case dataLength = "the file is"
}

/// A file that breaks one rule.
private struct BrokenFile: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let rule: Rule
    let tensor: String?
    let bytes: [UInt8]

    init(_ description: String, _ rule: Rule, tensor: String? = nil, _ bytes: [UInt8]) {
        testDescription = description
        self.rule = rule
        self.tensor = tensor
        self.bytes = bytes
    }

    init(_ description: String, _ rule: Rule, entry: String, data: Int = 8) {
        self.init(description, rule, tensor: "x", safetensors("{\"x\":\(entry)}", data: data))
    }
}

private func length(_ value: UInt64, then rest: [UInt8] = []) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init) + rest
}

private let brokenLayouts: [BrokenFile] = [
    .init("an empty file", .tooShort, []),
    .init("seven bytes", .tooShort, [2, 0, 0, 0, 0, 0, 0]),
    .init("a header of no bytes", .headerStart, length(0)),
    .init("a header one byte over the limit", .headerTooLong, length(100_000_001)),
    .init("a header length with its highest bit set", .headerTooLong, length(.max)),
    .init("a header longer than the file", .headerTruncated, length(3, then: Array("{}".utf8))),
    .init("a header that begins with a space", .headerStart, safetensors(" {}")),
    .init("a header that begins with a byte order mark", .headerStart, safetensors("\u{FEFF}{}")),
    .init("a header that is an array", .headerStart, safetensors("[]")),
    .init("a header that isn't JSON", .headerJSON, safetensors("{\"x\"}")),
    .init("text after the header's object", .headerJSON, safetensors("{} {}")),
    .init("zero bytes after the header's object", .headerJSON, safetensors("{}\0\0")),
    .init("bytes that aren't UTF-8", .headerJSON, length(7, then: [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D])),
    .init(
        "a name that occurs twice", .key,
        safetensors(
            #"""
            {"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}
            """#,
            data: 2)),
    .init("metadata that is no object", .metadata, safetensors(#"{"__metadata__":[]}"#)),
    .init("metadata that holds a number", .metadata, safetensors(#"{"__metadata__":{"a":1}}"#)),
    .init("data without tensors", .dataLength, safetensors("{}", data: 1)),
    .init(
        "two tensors with a hole between them", .gap, tensor: "b",
        safetensors(
            #"""
            {"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}
            """#,
            data: 3)),
    .init(
        "two tensors that overlap", .overlap, tensor: "b",
        safetensors(
            #"""
            {"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}
            """#,
            data: 3)),
    .init(
        "two tensors in the same bytes", .overlap, tensor: "b",
        safetensors(
            #"""
            {"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}
            """#,
            data: 2)),
]

private let brokenEntries: [BrokenFile] = [
    .init("an entry that is no object", .entry, entry: "[]"),
    .init("no dtype", .missingType, entry: #"{"shape":[2],"data_offsets":[0,8]}"#),
    .init("no shape", .missingShape, entry: #"{"dtype":"F32","data_offsets":[0,8]}"#),
    .init("no offsets", .missingOffsets, entry: #"{"dtype":"F32","shape":[2]}"#),
    .init("a dtype that is no string", .missingType, entry: #"{"dtype":32,"shape":[2],"data_offsets":[0,8]}"#),
    .init("a shape that is a number", .missingShape, entry: #"{"dtype":"F32","shape":2,"data_offsets":[0,8]}"#),
    .init("a fractional dimension", .number, entry: #"{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}"#),
    .init("a dimension in quotes", .number, entry: #"{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}"#),
    .init(
        "a dimension beyond 64 bits", .number,
        entry: #"{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}"#),
    .init("one offset", .offsetCount, entry: #"{"dtype":"F32","shape":[2],"data_offsets":[8]}"#),
    .init("three offsets", .offsetCount, entry: #"{"dtype":"F32","shape":[2],"data_offsets":[0,4,8]}"#),
    .init("an unknown dtype", .elementType, entry: #"{"dtype":"F33","shape":[2],"data_offsets":[0,8]}"#),
    .init("a dtype in lower case", .elementType, entry: #"{"dtype":"f32","shape":[2],"data_offsets":[0,8]}"#),
    .init("a negative dimension", .shape, entry: #"{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}"#),
    .init("two negative dimensions", .shape, entry: #"{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}"#),
    .init(
        "dimensions that overflow", .shape,
        entry: #"{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,8]}"#),
    .init(
        "dimensions that overflow before a zero", .shape,
        entry: #"{"dtype":"U8","shape":[4611686018427387904,4,0],"data_offsets":[0,0]}"#, data: 0),
    .init("bytes that overflow", .shape, entry: #"{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,8]}"#),
    .init("half a byte of four bit floats", .shape, entry: #"{"dtype":"F4","shape":[15],"data_offsets":[0,8]}"#),
    .init("a negative offset", .offsets, entry: #"{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}"#),
    .init("offsets in the wrong order", .offsets, entry: #"{"dtype":"F32","shape":[2],"data_offsets":[8,0]}"#),
    .init(
        "offsets at the end of the numbers", .offsets,
        entry: #"{"dtype":"U8","shape":[8],"data_offsets":[9223372036854775799,9223372036854775807]}"#),
    .init("more bytes than the shape takes", .size, entry: #"{"dtype":"F32","shape":[1],"data_offsets":[0,8]}"#),
    .init("fewer bytes than the shape takes", .size, entry: #"{"dtype":"F32","shape":[3],"data_offsets":[0,8]}"#),
    .init("a hole before the first tensor", .gap, entry: #"{"dtype":"F32","shape":[1],"data_offsets":[4,8]}"#),
]

private let brokenLengths: [BrokenFile] = [
    .init(
        "data that ends one byte early", .dataLength,
        safetensors(#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, data: 7)),
    .init(
        "data with one byte too many", .dataLength,
        safetensors(#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, data: 9)),
]

@Suite("The header of a safetensors file")
struct SafetensorsHeaderTests {
    @Test(
        "is refused when one rule is broken, by the name of that rule",
        arguments: brokenLayouts + brokenEntries + brokenLengths)
    private func refusal(_ file: BrokenFile) throws {
        let error = try #require(throws: CheckpointError.self) { try header(file.bytes) }
        #expect(error.kind == .invalid)
        #expect(error.message.contains(file.rule.rawValue), "\(error)")
        #expect(error.message.hasPrefix("tensor '\(file.tensor ?? "")'") == (file.tensor != nil))
        #expect(error.description.hasPrefix("\(path): "))
    }

    @Test("is read with its metadata, in the order of the data")
    func valid() throws {
        let header = try header(
            safetensors(
                #"{"b":{"dtype":"BF16","shape":[2,0],"data_offsets":[4,4]},"__metadata__":{"format":"pt"},"#
                    + #""a":{"dtype":"F32","shape":[],"data_offsets":[0,4],"note":1}}  "#, data: 4))
        #expect(header.metadata == ["format": "pt"])
        #expect(header.entries.map(\.name) == ["a", "b"])
        #expect(header.entries.map(\.shape) == [[], [2, 0]])
        #expect(header.entries.map(\.range.count) == [4, 0])
    }

    @Test("is refused when two names differ in their normalisation only")
    func normalisation() throws {
        let names = ["\u{E9}", "e\u{301}"].map { #""\#($0)":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"# }
        let error = try #require(throws: CheckpointError.self) { try header(safetensors("{\(names[0]),\(names[1])}")) }
        #expect(error.message.contains(Rule.repeated.rawValue))
    }

    @Test("may describe no tensors")
    func empty() throws {
        #expect(try header(safetensors("{}")).entries.isEmpty)
    }

    @Test("is refused at every length that the file can be cut to")
    func truncation() throws {
        let bytes = try read(fixture("safetensors/element_types.safetensors"))
        let end = try 8 + Int(#require(bytes.first)) + Int(bytes[1]) * 256
        for count in Array(0..<end) + [end + 1, bytes.count - 1] {
            let error = try #require(throws: CheckpointError.self) { try header(Array(bytes[..<count])) }
            let expected: Rule = count < 8 ? .tooShort : count < end ? .headerTruncated : .dataLength
            #expect(error.message.contains(expected.rawValue), "cut to \(count) bytes")
        }
    }

    @Test("never traps on a header with one byte changed")
    func mutation() throws {
        let bytes = try read(fixture("safetensors/element_types.safetensors"))
        let end = 8 + Int(bytes[0]) + Int(bytes[1]) * 256
        var refused = 0
        for position in 0..<min(end, 600) {
            for value: UInt8 in [0, 0x22, 0x2D, 0x39, 0x5B, 0x7D, 0xFF] {
                var changed = bytes
                changed[position] = value
                do { _ = try header(changed) } catch { refused += 1 }
            }
        }
        #expect(refused > 1000)
    }
}
