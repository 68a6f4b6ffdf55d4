import BERT
import Checkpoints
import StrictJSON
import TestDevice
import Testing
import Torch

// How the parity tests read fixtures and compare numbers with them.

/// The numbers of one tensor of a fixture file.
func numbers(_ file: SafetensorsFile, _ name: String) throws -> [Double] {
    let view = try #require(file[name], "\(name) is not in \(file.path)")
    return view.withBytes { bytes in
        (0..<(view.shape.reduce(1, *))).map { index in
            view.elementType == .int64
                ? Double(bytes.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self))
                : Double(bytes.loadUnaligned(fromByteOffset: 4 * index, as: Float.self))
        }
    }
}

func doubles(_ value: JSONValue?) throws -> [Double] {
    let elements = try #require(value?.array)
    return elements.compactMap { $0.double }
}

func integers(_ file: SafetensorsFile, _ name: String) throws -> [Int64] {
    try numbers(file, name).map { Int64($0) }
}

/// The largest difference, relative to the largest expected number.
func error(_ measured: [Double], _ expected: [Double]) throws -> Double {
    try #require(measured.count == expected.count)
    let scale = expected.map(abs).max() ?? 0
    let worst = zip(measured, expected).map { abs($0 - $1) }.max() ?? 0
    return worst / max(scale, 1e-30)
}

func length(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }

func array(_ tensor: Tensor) throws -> [Double] { try tensor.to(.float64).array() }

/// A batch of a fixture file, on the device under test.
struct ParityBatch {
    let input: EncoderInput
    let targets: Tensor
    let rows: Int

    init(_ file: SafetensorsFile, prefix: String = "", numbering: PositionNumbering = .fromZero) throws {
        let starts = try integers(file, prefix + "row_starts").map(Int.init)
        let lengths = zip(starts.dropFirst(), starts).map { $0 - $1 }
        let first = try integers(file, prefix + "start_positions")
        let last = try integers(file, prefix + "end_positions")
        input = try EncoderInput(
            ids: integers(file, prefix + "ids"), typeIDs: integers(file, prefix + "type_ids"), lengths: lengths,
            numbering: numbering, device: TestDevice.current())
        targets = try Tensor.of(zip(first, last).flatMap { [$0, $1] }, shape: [lengths.count, 2])
        rows = lengths.count
    }
}

/// The states behind the embeddings and each layer, and the logits, are those of the fixture.
func expectParity(_ model: QuestionAnsweringModel, _ file: SafetensorsFile) throws {
    let limit = try TestDevice.tolerance(1e-5)
    let batch = try ParityBatch(file, numbering: model.config.positions)
    let real = 0..<batch.input.rows.tokenCount
    var x = try model.encoder.embeddings(batch.input, dropout: .none)
    #expect(try error(array(x.full.slice(dim: 0, real)), numbers(file, "hidden.0")) < limit)
    for (index, layer) in model.encoder.layers.enumerated() {
        x = try layer(x, rows: batch.input.filledRows, dropout: .none)
        #expect(try error(array(x.full.slice(dim: 0, real)), numbers(file, "hidden.\(index + 1)")) < limit)
    }
    let logits = try model(batch.input)
    #expect(try error(array(logits.slice(dim: 1, 0..<1)), numbers(file, "start_logits")) < limit)
    #expect(try error(array(logits.slice(dim: 1, 1..<2)), numbers(file, "end_logits")) < limit)
}
