import BERT
import Foundation
import StrictJSON
import Testing

/// - Source: Tools/make_parity_fixtures.py, `torch.save` of PyTorch 2.13.
@Suite("Pickled weights")
struct PickleTests {
    @Test("become safetensors with each element type, views and tied tensors included, byte by byte")
    func conversion() throws {
        try withTemporaryDirectory { directory in
            try FileManager.default.copyItem(
                atPath: fixture("pickle/pytorch_model.bin"), toPath: "\(directory)/pytorch_model.bin")
            try PickleConversion.convert(directory: directory)
            let file = try SafetensorsFile(path: "\(directory)/model.safetensors")
            let expected = try #require(try fixtureJSON("pickle/tensors.json").object)
            #expect(file.names.sorted() == expected.map(\.key).sorted())
            for (name, value) in expected {
                let tensor = try #require(file[name])
                #expect(tensor.shape == value["shape"]?.array?.compactMap(\.int), "\(name)")
                let hex = tensor.withBytes { bytes in bytes.map { String(format: "%02x", $0) }.joined() }
                #expect(hex == value["hex"]?.string, "\(name)")
                if let type = ElementType(rawValue: name) { #expect(tensor.elementType == type) }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).count == 2)
        }
    }

    @Test("in several files are found through their index, and only beside it")
    func parts() throws {
        try withTemporaryDirectory { directory in
            let bytes = try Data(contentsOf: URL(fileURLWithPath: fixture("pickle/pytorch_model.bin")))
            try bytes.write(to: URL(fileURLWithPath: "\(directory)/part.bin"))
            let index = "\(directory)/pytorch_model.bin.index.json"
            try #"{"weight_map": {"F32": "part.bin"}}"#.write(toFile: index, atomically: true, encoding: .utf8)
            try PickleConversion.convert(directory: directory)
            #expect(try SafetensorsFile(path: "\(directory)/model.safetensors")["F32"] != nil)
            try #"{"weight_map": {"F32": "../part.bin"}}"#.write(toFile: index, atomically: true, encoding: .utf8)
            #expect(throws: ModelError.self) { try PickleConversion.convert(directory: directory) }
        }
    }

    @Test("written before PyTorch 1.6 are refused with the way out")
    func oldFormat() throws {
        let message = try refusal(try read(fixture("pickle/old_format.bin")))
        #expect(message.contains("PyTorch 1.6"))
    }

    @Test("that name code run none of it")
    func code() throws {
        // What `pickle.dumps` gives for an object whose __reduce__ is (os.system, ("touch ...",)).
        try withTemporaryDirectory { directory in
            let touched = "\(directory)/touched"
            let command = Array("touch \(touched)".utf8)
            let pickle =
                [0x80, 2] + Array("cposix\nsystem\n".utf8) + [0x58, UInt8(command.count), 0, 0, 0] + command
                + [0x85, 0x52, 0x2E]
            _ = try refusal(Zip.archive(["a/data.pkl": pickle]))
            #expect(!FileManager.default.fileExists(atPath: touched))
        }
    }

    @Test(
        "that are nested without end, reach beyond their storage, or swell are refused",
        arguments: [
            ("deep tuples", [UInt8](repeating: 0x29, count: 1) + [UInt8](repeating: 0x85, count: 100_000)),
            (
                "deep parameters",
                Array("ctorch._utils\n_rebuild_parameter\nq\0".utf8)
                    + Array(repeating: [0x68, 0], count: 9_000).joined()
                    + [0x29] + Array(repeating: [0x85, 0x85, 0x52], count: 9_000).joined()
            ),
            ("an empty stack", [0x52]), ("a mark without end", [0x28, 0x28, 0x74, 0x74, 0x74]),
            ("an unknown opcode", [0xFF]), ("a long that is too long", [0x8A, 255]),
            ("a memo that is not there", [0x68, 9]), ("no end", [0x4E]), ("nothing", []),
            ("no dictionary", [0x4E, 0x2E]), ("no tensors", [0x7D, 0x2E]),
        ] as [(String, [UInt8])])
    func hostile(_ name: String, _ pickle: [UInt8]) throws {
        _ = try refusal(Zip.archive(["a/data.pkl": [0x80, 2] + pickle]))
    }

    @Test("whose entries share bytes are refused")
    func overlap() throws {
        let entries: [String: [UInt8]] = ["a/data.pkl": [0x80, 2, 0x7D, 0x2E], "a/data/0": [0x80, 2, 0x7D, 0x2E]]
        #expect(try refusal(Zip.archive(entries)).contains("it holds no tensors"))
        #expect(try refusal(Zip.archive(entries, isStacked: true)).contains("entries of it overlap"))
    }

    @Test("of which a byte is changed or the end is missing are refused or read, and never crash or hang")
    func mutations() throws {
        let original = try read(fixture("pickle/pytorch_model.bin"))
        let entries = try Zip.entries(original)
        let pickle = try #require(entries["pytorch_model/data.pkl"])
        var random = SystemRandomNumberGenerator()
        try withTemporaryDirectory { directory in
            var outcomes = (converted: 0, refused: 0)
            func convert(_ bytes: [UInt8]) throws {
                try Data(bytes).write(to: URL(fileURLWithPath: "\(directory)/pytorch_model.bin"))
                do {
                    try PickleConversion.convert(directory: directory)
                    outcomes.converted += 1
                } catch {
                    outcomes.refused += 1
                }
            }
            for length in stride(from: 0, to: original.count, by: 37) { try convert(Array(original.prefix(length))) }
            for _ in 0..<300 {
                var bytes = original
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                try convert(bytes)
            }
            // With the right checksum, so that the change reaches the pickle's reader.
            for _ in 0..<3000 {
                var changed = pickle
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(
                        in: 0...255, using: &random)
                }
                var files = entries
                files["pytorch_model/data.pkl"] = changed
                try convert(Zip.archive(files))
            }
            #expect(outcomes.converted > 0 && outcomes.refused > 0)
        }
    }

    /// The message with which an archive is refused.
    private func refusal(_ bytes: [UInt8]) throws -> String {
        var message = ""
        try withTemporaryDirectory { directory in
            try Data(bytes).write(to: URL(fileURLWithPath: "\(directory)/pytorch_model.bin"))
            let error = #expect(throws: ModelError.self) { try PickleConversion.convert(directory: directory) }
            message = error?.message ?? ""
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["pytorch_model.bin"])
        }
        return message
    }
}

/// Zip archives of uncompressed entries, as far as the tests need them.
private enum Zip {
    /// An archive of these entries.
    ///
    /// - Parameter isStacked: whether the directory says of all entries that they are the first one.
    static func archive(_ entries: [String: [UInt8]], isStacked: Bool = false) -> [UInt8] {
        var (data, directory): ([UInt8], [UInt8]) = ([], [])
        for (name, bytes) in entries.sorted(by: { $0.key < $1.key }) {
            let fields = number(checksum(bytes), 4) + number(bytes.count, 4) + number(bytes.count, 4)
            let names = number(name.utf8.count, 2) + number(0, 2)
            directory += number(0x0201_4b50, 4) + number(0, 12) + fields + names + number(0, 10)
            directory += number(isStacked ? 0 : data.count, 4) + Array(name.utf8)
            data += number(0x0403_4b50, 4) + number(0, 10) + fields + names + Array(name.utf8) + bytes
        }
        let counts = number(entries.count, 2) + number(entries.count, 2) + number(directory.count, 4)
        return data + directory + number(0x0605_4b50, 4) + number(0, 4) + counts + number(data.count, 4) + number(0, 2)
    }

    /// The entries of an archive without Zip64 records, through its local headers.
    static func entries(_ bytes: [UInt8]) throws -> [String: [UInt8]] {
        func value(_ place: Int, _ width: Int) -> Int {
            bytes[place..<(place + width)].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        let end = bytes.count - 22
        var place = value(end + 16, 4)
        var result: [String: [UInt8]] = [:]
        for _ in 0..<value(end + 10, 2) {
            let (size, names, header) = (value(place + 24, 4), value(place + 28, 2), value(place + 42, 4))
            let name = String(decoding: bytes[(place + 46)..<(place + 46 + names)], as: UTF8.self)
            let begin = header + 30 + value(header + 26, 2) + value(header + 28, 2)
            result[name] = Array(bytes[begin..<(begin + size)])
            place += 46 + names + value(place + 30, 2) + value(place + 32, 2)
        }
        return result
    }

    private static func number(_ value: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { $0 < 8 ? UInt8(truncatingIfNeeded: value >> (8 * $0)) : 0 }
    }

    private static func checksum(_ bytes: [UInt8]) -> Int {
        var value = ~UInt32(0)
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
        }
        return Int(~value)
    }
}
