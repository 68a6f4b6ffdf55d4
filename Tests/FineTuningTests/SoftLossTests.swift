import StrictJSON
import Testing
import Torch

/// The numbers come from PyTorch: Tools/make_trainer_fixtures.py.
@Suite("The loss of labels that are more than one place")
struct SoftLossTests {
    private struct Case {
        let rows: PackedRows
        let logits: Tensor
        let labels: SoftSpanLabels
        let loss: Double
        let gradient: [Double]
    }

    private func numbers(_ value: JSONValue?) throws -> [Double] {
        let values = try #require(value?.array)
        return try values.map { (each: JSONValue) -> Double in try #require(each.double) }
    }

    private func cases(_ dtype: DType) throws -> [Case] {
        let file = try TrainerFixtures.read("losses")
        let lengths = try #require(file["lengths"]?.array).compactMap(\.int)
        let count = lengths.reduce(0, +)
        let listed = try #require(file["cases"]?.array)
        return try listed.map { (each: JSONValue) -> Case in
            let logits = try Tensor.of(numbers(file["logits"]), shape: [count, 2]).to(dtype)
            try logits.setRequiresGradient(true)
            func marks(_ name: String) throws -> Tensor {
                let values: [Float] = try numbers(each[name]).map { Float($0) }
                return try Tensor.of(values, shape: [count, 2])
            }
            var teacher: SoftSpanLabels.Teacher?
            if each["teacher"] != .null {
                teacher = SoftSpanLabels.Teacher(
                    shares: try marks("teacher"), temperature: try #require(each["temperature"]?.double),
                    weight: try #require(each["weight"]?.double))
            }
            let labels = SoftSpanLabels(
                places: try marks("places"), smoothing: try #require(each["smoothing"]?.double), teacher: teacher)
            return Case(
                rows: try PackedRows(lengths: lengths), logits: logits, labels: labels,
                loss: try #require(each["loss"]?.double), gradient: try numbers(each["gradient"]))
        }
    }

    @Test("smoothing, several places and a teacher: losses and gradients are PyTorch's", arguments: [1e-6])
    func parity(tolerance: Double) throws {
        let cases = try cases(.float64)
        #expect(cases.count == 6)
        for each in cases {
            let loss = try each.logits.packedSoftSpanLoss(rows: each.rows, labels: each.labels, rowDivisor: 3)
            try loss.backward()
            let difference: Double = try abs(loss.item() - each.loss)
            #expect(difference < tolerance * max(1, each.loss))
            let gradient: [Double] = try #require(try each.logits.gradient()).array()
            let largest: Double = zip(gradient, each.gradient).map { abs($0 - $1) }.max() ?? .infinity
            #expect(largest < tolerance)
        }
    }

    @Test("one place without smoothing is the span loss")
    func plain() throws {
        let each = try #require(try cases(.float32).first)
        let marks: [Float] = try each.labels.places.array()
        var (targets, start) = ([Int64](), 0)
        for length in [1, 4, 9] {
            for column in 0..<2 {
                let place = (0..<length).first { (token: Int) -> Bool in marks[2 * (start + token) + column] > 0 }
                targets.append(Int64(try #require(place)))
            }
            start += length
        }
        let soft = try each.logits.packedSoftSpanLoss(rows: each.rows, labels: each.labels, rowDivisor: 3).item()
        let hard = try each.logits.packedSpanLoss(
            rows: each.rows, targets: Tensor.of(targets, shape: [3, 2]), rowDivisor: 3
        ).item()
        #expect(abs(soft - hard) < 1e-6 * hard)
    }

    @Test("rows without a place, and shares that do not sum to 1, are refused")
    func refused() throws {
        let logits = try Tensor.zeros([5, 2])
        let rows = try PackedRows(lengths: [3, 2])
        let marks: [Float] = [1, 1, 0, 0, 0, 0, 0, 1, 0, 0]
        func loss(_ marks: [Float], smoothing: Double = 0, teacher: SoftSpanLabels.Teacher? = nil) throws {
            let labels = SoftSpanLabels(
                places: try Tensor.of(marks, shape: [5, 2]), smoothing: smoothing, teacher: teacher)
            _ = try logits.packedSoftSpanLoss(rows: rows, labels: labels, rowDivisor: 2)
        }
        let missing = #expect(throws: TorchError.self) { try loss(marks) }
        #expect(missing?.message.contains("row 1 has no right place") == true)
        let full = [Float](repeating: 1, count: 10)
        try loss(full)
        #expect(throws: TorchError.self) { try loss(full, smoothing: 1) }
        let shares = try Tensor.of(full, shape: [5, 2])
        let wrong = #expect(throws: TorchError.self) {
            try loss(full, teacher: SoftSpanLabels.Teacher(shares: shares, temperature: 1, weight: 1))
        }
        #expect(wrong?.message.contains("sum to 3") == true)
    }
}
