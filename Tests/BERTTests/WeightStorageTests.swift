import BERT
import Checkpoints
import Foundation
import Scratch
import Testing
import Torch

/// What happens to a loaded model when somebody writes to its file.
@Suite("Weights of a model that answers")
struct WeightStorageTests {
    private static let precisions = Precision.allCases.filter { $0 != .int8 || Runtime.cpuMultipliesInt8 }

    /// The tiny BERT in a directory of its own, and its logits for a row.
    private func withModel(
        _ precision: Precision, _ storage: WeightStorage,
        _ body: (QuestionAnsweringModel, _ weights: String, _ logits: () throws -> [Float]) throws -> Void
    ) throws {
        try withTemporaryDirectory { parent in
            let directory = "\(parent)/model"
            try FileManager.default.copyItem(atPath: fixture("tiny_bert"), toPath: directory)
            let model = try QuestionAnsweringModel(
                directory: ModelDirectory(path: directory), use: .inference, precision: precision, storage: storage)
            let input = try EncoderInput(
                ids: (1...40).map { Int64($0) }, typeIDs: (1...40).map { $0 < 12 ? 0 : 1 }, lengths: [40])
            try body(model, "\(directory)/model.safetensors") {
                try withoutGradients { () throws(TorchError) in try model(input).to(.float32).array() }
            }
        }
    }

    @Test("are the same numbers wherever they are kept", arguments: precisions)
    func equal(_ precision: Precision) throws {
        var results: [[Float]] = []
        for storage in [WeightStorage.mapped, .memory] {
            try withModel(precision, storage) { _, _, logits in results.append(try logits()) }
        }
        #expect(results[0] == results[1] && results[0].allSatisfy(\.isFinite))
    }

    @Test("in memory outlive their file: overwritten, cut to nothing or removed", arguments: precisions)
    func memory(_ precision: Precision) throws {
        try withModel(precision, .memory) { model, weights, logits in
            let expected = try logits()
            let bytes = try read(weights)
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: weights))
            try file.write(contentsOf: [UInt8](repeating: 0x7F, count: bytes.count))
            #expect(try logits() == expected)
            // Reading a page of a mapped file beyond its end would end this process.
            try file.truncate(atOffset: 0)
            #expect(try logits() == expected)
            try FileManager.default.removeItem(atPath: weights)
            #expect(try logits() == expected)
            try model.parameters.checkSource()
        }
    }

    @Test("in a mapped file are checked: written to it is noticed, replaced by another file it stays")
    func mapped() throws {
        try withModel(.fp32, .mapped) { model, weights, logits in
            let expected = try logits()
            try model.parameters.checkSource()
            let bytes = try read(weights)
            // Written beside it and renamed, as every careful program does.
            try Data(bytes).write(to: URL(fileURLWithPath: weights), options: .atomic)
            try model.parameters.checkSource()
            #expect(try logits() == expected)
        }
        try withModel(.fp32, .mapped) { model, weights, _ in
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: weights))
            try file.seekToEnd()
            try file.write(contentsOf: [0])
            try file.close()
            let error = try #require(throws: CheckpointError.self) { try model.parameters.checkSource() }
            #expect(error.kind == .unreadable && error.message.contains("changed while it was in use"))
            #expect(error.path == weights)
        }
    }
}
