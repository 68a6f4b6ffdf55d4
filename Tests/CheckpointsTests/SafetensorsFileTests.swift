import Checkpoints
import Files
import Foundation
import Scratch
import StrictJSON
import Testing

@Suite("A safetensors file")
struct SafetensorsFileTests {
    @Test("of the Python library is read with each element type, byte by byte")
    func elementTypes() throws {
        let file = try SafetensorsFile(path: fixture("safetensors/element_types.safetensors"))
        let expected = try #require(try fixtureJSON("safetensors/element_types.json").object)
        #expect(file.names.sorted() == expected.map(\.0).sorted())
        #expect(file.metadata == ["größe": "ja"])
        for (name, value) in expected {
            let tensor = try #require(file[name])
            let shape = value.object?["shape"]?.array?.compactMap(\.int)
            #expect(tensor.shape == shape)
            let hex = tensor.withBytes { bytes in bytes.map { String(format: "%02x", $0) }.joined() }
            #expect(hex == value.object?["hex"]?.string)
            if let type = ElementType(rawValue: name) { #expect(tensor.elementType == type) }
        }
        #expect(file["nothing"] == nil)
    }

    @Test("that isn't there, or is a directory, is refused with its path")
    func unreadable() throws {
        try withTemporaryDirectory { directory in
            for (path, kind) in [
                ("\(directory)/none.safetensors", CheckpointError.Kind.missing), (directory, .unreadable),
            ] {
                let error = try #require(throws: CheckpointError.self) { try SafetensorsFile(path: path) }
                #expect(error.kind == kind)
                #expect(error.description.hasPrefix("\(path): "))
            }
        }
    }

    @Test("keeps its bytes readable through a tensor that outlives it")
    func lifetime() throws {
        func tensor() throws -> TensorView? {
            try SafetensorsFile(path: fixture("safetensors/element_types.safetensors"))["I16"]
        }
        let bytes = try #require(try tensor()).withBytes { Array($0) }
        #expect(bytes == [0xD4, 0xFE, 0x2C, 0x01])
    }

    @Test("written again has the bytes of the Python library")
    func rewriting() throws {
        let original = fixture("safetensors/element_types.safetensors")
        let file = try SafetensorsFile(path: original)
        try withTemporaryDirectory { directory in
            let path = "\(directory)/copy.safetensors"
            try copy(file, to: path)
            #expect(try read(path) == read(original))
        }
    }

    private func copy(_ file: SafetensorsFile, to path: String) throws {
        let descriptions = try file.names.reversed().map { name in
            let tensor = try #require(file[name])
            return TensorDescription(name: name, elementType: tensor.elementType, shape: tensor.shape)
        }
        var writer = try SafetensorsWriter(
            file: FileOutput(creating: path), tensors: descriptions, metadata: file.metadata)
        for tensor in writer.order {
            let view = try #require(file[tensor.name])
            try view.withBytes { bytes in try writer.append(bytes) }
        }
        try writer.finish()
    }
}

@Suite("Writing a safetensors file")
struct SafetensorsWriterTests {
    private let two = [
        TensorDescription(name: "small", elementType: .uint8, shape: [3]),
        TensorDescription(name: "wide", elementType: .float32, shape: [2]),
    ]

    private func append(_ count: Int, to writer: inout SafetensorsWriter) throws {
        try [UInt8](repeating: 1, count: count).withUnsafeBytes { bytes in
            try writer.append(bytes)
        }
    }

    @Test("puts wide elements first and the data at a multiple of eight")
    func layout() throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/x.safetensors"
            var writer = try SafetensorsWriter(file: FileOutput(creating: path), tensors: two)
            #expect(writer.order.map(\.name) == ["wide", "small"])
            try append(8, to: &writer)
            try append(3, to: &writer)
            try writer.finish()
            let bytes = try read(path)
            #expect((bytes.count - 11) % 8 == 0)
            #expect(try SafetensorsFile(path: path).metadata == ["format": "pt"])
        }
    }

    @Test("refuses other bytes than described, one tensor too many or too few")
    func contents() throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/x.safetensors"
            var writer = try SafetensorsWriter(file: FileOutput(creating: path), tensors: two)
            #expect(throws: CheckpointError.self) { try append(7, to: &writer) }
            try append(8, to: &writer)
            try append(3, to: &writer)
            let surplus = try #require(throws: CheckpointError.self) { try append(0, to: &writer) }
            #expect(surplus.message.contains("one more is appended"))
            let missing = try #require(throws: CheckpointError.self) {
                try SafetensorsWriter(file: FileOutput(creating: path), tensors: two).finish()
            }
            #expect(missing.message == "tensor 'wide': its bytes were never appended")
        }
    }

    @Test(
        "refuses tensors that can't stand in one file",
        arguments: [
            (["a", "a"], [1], "already taken"), (["__metadata__"], [1], "already taken"),
            (["a"], [-1], "impossible shape"), (["a"], [1 << 62, 8], "impossible shape"),
        ])
    func descriptions(_ names: [String], _ shape: [Int], _ message: String) throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/x.safetensors"
            let tensors = names.map { TensorDescription(name: $0, elementType: .uint8, shape: shape) }
            let error = try #require(throws: CheckpointError.self) {
                _ = try SafetensorsWriter(file: FileOutput(creating: path), tensors: tensors).order
            }
            #expect(error.message.contains(message))
        }
    }

    @Test(
        "onto a full disk says so",
        .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "no /dev/full here"))
    func fullDisk() throws {
        let error = try #require(throws: CheckpointError.self) {
            _ = try SafetensorsWriter(file: FileOutput(creating: "/dev/full"), tensors: two).order
        }
        #expect(error.kind == .unwritable)
        #expect(error.description.contains("free some space"))
    }
}
