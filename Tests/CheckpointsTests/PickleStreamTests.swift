import Checkpoints
import Foundation
import Scratch
import Testing

/// The format of `torch.save` before PyTorch 1.6; that its files are read is shown by `PickleTests`.
@Suite("Pickled weights from before PyTorch 1.6")
struct PickleStreamTests {
    @Test(
        "are refused at every length that the file can be cut to",
        arguments: ["stream", "python2", "storage_views"])
    func cut(_ format: String) throws {
        let original = try read(fixture("pickle/\(format).bin"))
        let outcomes = try readings(of: (0..<original.count).map { Array(original.prefix($0)) })
        #expect(outcomes.read == 0 && outcomes.refused == original.count)
    }

    @Test("of which bytes are changed are refused or read, and never crash or hang")
    func mutations() throws {
        for format in ["stream", "python2", "storage_views"] {
            let original = try read(fixture("pickle/\(format).bin"))
            let outcomes = try readings(of: (0..<300).map { _ in mutated(original, count: 3) })
            #expect(outcomes.read > 0 && outcomes.refused > 0)
        }
    }

    @Test("may have bytes after the last storage, which are ignored as PyTorch does")
    func longer() throws {
        let original = try read(fixture("pickle/stream.bin"))
        #expect(try readings(of: [original + [1, 2, 3]]).read == 1)
    }

    @Test("with one tensor of two numbers are read")
    func valid() throws {
        try withTemporaryDirectory { directory in
            try write(Stream().bytes, to: "\(directory)/pytorch_model.bin")
            try PickleConversion.convert(directory: directory)
            let tensor = try #require(SafetensorsFile(path: "\(directory)/model.safetensors")["x"])
            #expect(tensor.shape == [2] && tensor.withBytes { Array($0) } == [0, 0, 128, 63, 0, 0, 0, 64])
        }
    }

    @Test(
        "that lie about their storages are refused before anything is allocated",
        arguments: [
            ("a storage of 2^61 numbers", Stream(count: 1 << 61), "is not described"),
            ("a storage of 2^40 numbers", Stream(count: 1 << 40), "the file ends inside"),
            ("another number of elements before the storage", Stream(written: 3), "has 3 elements"),
            ("a negative number of elements before the storage", Stream(written: -1), "elements"),
            ("a negative count", Stream(count: -2), "is not described"),
            ("a storage that is not listed", Stream(keys: []), "the numbers of 'x' are not in it"),
            ("a storage that is listed twice", Stream(keys: ["0", "0"]), "lists a storage twice"),
            ("a storage that no tensor uses", Stream(keys: ["0", "1"]), "no tensor uses"),
            ("a tensor that begins beyond its storage", Stream(offset: 2), "beyond its storage"),
            ("a tensor that ends beyond its storage", Stream(size: 3), "beyond its storage"),
            ("a tensor whose strides reach beyond its storage", Stream(stride: 2), "beyond its storage"),
            ("a part that begins beyond its storage", Stream(view: (3, 1)), "is not described"),
            ("a part that ends beyond its storage", Stream(view: (1, 2)), "is not described"),
            ("a tensor larger than its part", Stream(view: (0, 1)), "beyond its storage"),
            ("a big-endian machine", Stream(isLittleEndian: false), "big-endian"),
            ("another version", Stream(version: 1002), "not 1001"),
        ])
    private func hostile(_ name: String, _ stream: Stream, _ message: String) throws {
        let refused = try refusal(stream.bytes)
        #expect(refused.contains(message), "\(name): \(refused)")
    }

    @Test("with dictionaries that are made again and again from one list are refused in a moment")
    func swelling() throws {
        // A tuple of a list of 20,000 pairs is memoized, and an OrderedDict made of it 20,000 times.
        let pairs = Array(repeating: [0x4B, 1, 0x4B, 1, 0x86] as [UInt8], count: 20_000).joined()
        let list = [0x5D, 0x28] + pairs + [0x65, 0x85, 0x71, 0, 0x30]
        let calls = Array(repeating: [0x68, 1, 0x68, 0, 0x52, 0x30] as [UInt8], count: 20_000).joined()
        let object = Array("ccollections\nOrderedDict\nq\u{1}0".utf8) + list + calls + [0x7D, 0x2E]
        let refused = try refusal(Stream(object: object).bytes)
        #expect(refused.contains("far larger than the file"))
    }

    @Test(
        "are recognised by their first bytes, and other files are named as what they are not",
        arguments: ["", "<html>", "PK", "PK\u{3}\u{4}", "\u{80}\u{2}}q."])
    func others(_ text: String) throws {
        let message = try refusal(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
        #expect(
            message.contains("torch.save did not write this file") || message.contains("the zip archive is damaged"))
    }
}

@Suite("A pointer of Git LFS")
struct PointerTests {
    @Test("in the place of pickled weights says what to run")
    func pickle() throws {
        let text =
            """
            version https://git-lfs.github.com/spec/v1
            oid sha256:\(String(repeating: "a", count: 64))
            size 440473133

            """
        #expect(try refusal(Array(text.utf8)).contains("git lfs pull"))
    }
}

/// A file of the format with one tensor, `x`, of float32; by default whole, with the numbers 1 and 2.
private struct Stream: Sendable {
    var version = 1001
    var isLittleEndian = true
    /// The number of elements of the storage as the pickle says.
    var count = 2
    /// The number of elements of the storage as the storage says.
    var written = 2
    var keys = ["0"]
    var offset = 0
    var size = 2
    var stride = 1
    /// The part of the block that the storage is: first element and number of elements.
    var view: (Int, Int)?
    /// A pickle in place of the dictionary of `x`.
    var object: [UInt8]?

    var bytes: [UInt8] {
        let magic: [UInt8] = [0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
        let machine = [0x7D] + string("little_endian") + [isLittleEndian ? 0x88 : 0x89, 0x73]
        let list = [0x5D, 0x28] + keys.flatMap(string) + [0x65]
        let storage = number(written) + [0, 0, 128, 63, 0, 0, 0, 64]
        return pickle(magic) + pickle(long(version)) + pickle(machine) + pickle(object ?? dictionary) + pickle(list)
            + storage
    }

    private var dictionary: [UInt8] {
        let part: [UInt8] = view.map { string("part") + long($0.0) + long($0.1) + [0x87] } ?? [0x4E]
        let reference =
            [0x28] + string("storage") + global("torch", "FloatStorage") + string("0") + string("cpu") + long(count)
            + part
            + [0x74, 0x51]
        let arguments =
            [0x28] + reference + long(offset) + long(size) + [0x85] + long(stride) + [0x85, 0x89, 0x4E, 0x74]
        return [0x7D] + string("x") + global("torch._utils", "_rebuild_tensor_v2") + arguments + [0x52, 0x73]
    }

    private func pickle(_ opcodes: [UInt8]) -> [UInt8] { [0x80, 2] + opcodes + (opcodes.last == 0x2E ? [] : [0x2E]) }

    private func string(_ text: String) -> [UInt8] { [0x58, UInt8(text.utf8.count), 0, 0, 0] + Array(text.utf8) }

    private func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }

    private func long(_ value: Int) -> [UInt8] { [0x8A, 8] + number(value) }

    private func number(_ value: Int) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }
}
