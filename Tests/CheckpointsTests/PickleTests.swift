import Checkpoints
import Foundation
import Scratch
import StrictJSON
import Testing

/// - Source: Tools/make_checkpoint_fixtures.py, `torch.save` of PyTorch 2.13.
@Suite("Pickled weights")
struct PickleTests {
    @Test(
        "become safetensors with each element type, views and tied tensors included, byte by byte",
        arguments: ["archive", "stream", "python2", "storage_views"])
    func conversion(_ format: String) throws {
        try withTemporaryDirectory { directory in
            try FileManager.default.copyItem(
                atPath: fixture("pickle/\(format).bin"), toPath: "\(directory)/pytorch_model.bin")
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
            let bytes = try Data(contentsOf: URL(fileURLWithPath: fixture("pickle/archive.bin")))
            try bytes.write(to: URL(fileURLWithPath: "\(directory)/part.bin"))
            let index = "\(directory)/pytorch_model.bin.index.json"
            try #"{"weight_map": {"F32": "part.bin"}}"#.write(toFile: index, atomically: true, encoding: .utf8)
            try PickleConversion.convert(directory: directory)
            #expect(try SafetensorsFile(path: "\(directory)/model.safetensors")["F32"] != nil)
            try #"{"weight_map": {"F32": "../part.bin"}}"#.write(toFile: index, atomically: true, encoding: .utf8)
            #expect(throws: CheckpointError.self) { try PickleConversion.convert(directory: directory) }
        }
    }

    @Test("whose tensors are one level down name the key")
    func nested() throws {
        #expect(try refusal(read(fixture("pickle/nested.bin"))).contains("under 'model'"))
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
        #expect(try refusal(Zip.archive(entries)).contains("it contains no tensors"))
        #expect(try refusal(Zip.archive(entries, isStacked: true)).contains("its entries overlap"))
    }

    @Test("of which a byte is changed or the end is missing are refused or read, and never crash or hang")
    func mutations() throws {
        let original = try read(fixture("pickle/archive.bin"))
        let entries = try Zip.entries(original)
        let pickle = try #require(entries["archive/data.pkl"])
        let cut = stride(from: 0, to: original.count, by: 37).map { Array(original.prefix($0)) }
        let changed = (0..<200).map { _ in mutated(original) }
        // With the right checksum, so that the change reaches the reader of the pickle.
        let changedPickles = (0..<600).map { _ in
            Zip.archive(entries.merging(["archive/data.pkl": mutated(pickle, count: 3)]) { $1 })
        }
        let outcomes = try readings(of: cut + changed + changedPickles)
        #expect(outcomes.read > 0 && outcomes.refused > 0)
    }
}

/// The message with which a `pytorch_model.bin` of these bytes is refused; nothing may be written.
func refusal(_ bytes: [UInt8]) throws -> String {
    var message = ""
    try withTemporaryDirectory { directory in
        try write(bytes, to: "\(directory)/pytorch_model.bin")
        let error = #expect(throws: CheckpointError.self) { try PickleConversion.convert(directory: directory) }
        message = error?.message ?? ""
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["pytorch_model.bin"])
    }
    return message
}

/// Reads files of many bytes as a conversion does, but without writing, and counts how it ends.
func readings(of files: some Sequence<[UInt8]>) throws -> (read: Int, refused: Int) {
    try withTemporaryDirectory { directory in
        var outcomes = (read: 0, refused: 0)
        for bytes in files {
            try write(bytes, to: "\(directory)/model.bin")
            do {
                for tensor in try PickledTensor.all(in: "\(directory)/model.bin") {
                    let target = UnsafeMutableRawBufferPointer.allocate(byteCount: tensor.byteCount, alignment: 8)
                    defer { target.deallocate() }
                    tensor.copyBytes(to: target)
                }
                outcomes.read += 1
            } catch {
                outcomes.refused += 1
            }
        }
        return outcomes
    }
}

/// A copy of `bytes` in which up to `count` bytes are others.
func mutated(_ bytes: [UInt8], count: Int = 1) -> [UInt8] {
    var changed = bytes
    for _ in 0..<Int.random(in: 1...count) {
        changed[Int.random(in: 0..<changed.count)] = UInt8.random(in: 0...255)
    }
    return changed
}
