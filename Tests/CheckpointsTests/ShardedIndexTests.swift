import Checkpoints
import Foundation
import Scratch
import Testing

@Suite("The index of sharded weights")
struct ShardedIndexTests {
    private func read(_ text: String) throws -> Result<ShardedIndex, CheckpointError> {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("index-\(UUID().uuidString).json").path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        defer { unlink(path) }
        return Result { () throws(CheckpointError) in try ShardedIndex(path: path) }
    }

    @Test("tensors are found in their files")
    func files() throws {
        let index = try read(#"{"metadata": {}, "weight_map": {"a": "m-2.safetensors", "b": "m-1.safetensors"}}"#).get()
        #expect(index.fileOfTensor == ["a": "m-2.safetensors", "b": "m-1.safetensors"])
        #expect(index.files == ["m-1.safetensors", "m-2.safetensors"])
    }

    @Test(
        "what is no index is refused",
        arguments: [
            "", "[]", "{}", #"{"weight_map": {}}"#, #"{"weight_map": []}"#, #"{"weight_map": {"a": 1}}"#,
            #"{"weight_map": {"a": "../m"}}"#, #"{"weight_map": {"a": "x/m"}}"#, #"{"weight_map": {"a": "é"}}"#,
        ])
    func refused(_ text: String) throws {
        let result = try read(text)
        guard case .failure(let error) = result else { throw CocoaError(.coderInvalidValue) }
        #expect(error.kind == .invalid && error.path.hasSuffix(".json"))
    }

    @Test("a hostile name stays printable in the message")
    func message() throws {
        guard case .failure(let error) = try read(#"{"weight_map": {"a\u001b[31m": "..\u001b[0m"}}"#) else {
            throw CocoaError(.coderInvalidValue)
        }
        #expect(!error.message.contains("\u{1B}") && error.message.contains("\\u{1b}"))
    }
}
