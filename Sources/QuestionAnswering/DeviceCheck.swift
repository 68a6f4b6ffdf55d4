import BERT
import Torch
import Tokenizers

/// Compares a device's results for a few rows with the CPU's, before they are relied on.
///
/// An accelerator that computes wrongly does not report it: Apple's MPS has given wrong numbers for operations of BERT
/// (pytorch#170837), for single rows or only in batches. So each row is read by itself and all are read together, and
/// both must agree with the CPU in float32. For models to be trained, the loss and the gradients are compared as well.
package struct DeviceCheck: Sendable {
    /// What is compared: numbers of one side, the CPU or the device.
    package struct Outputs: Sendable, Hashable {
        /// Start and end logit of each token, alternating, of each row read by itself.
        package var alone: [[Float]]
        /// The same of all rows read together.
        package var together: [[Float]]
        /// The loss of all rows together, and the norm of all its gradients; nil if the model is only to answer.
        package var training: (loss: Double, gradientNorm: Double)? {
            get { loss.flatMap { loss in gradientNorm.map { (loss, $0) } } }
            set { (loss, gradientNorm) = (newValue?.loss, newValue?.gradientNorm) }
        }
        private var loss: Double?
        private var gradientNorm: Double?

        /// Numbers that were computed elsewhere.
        package init(alone: [[Float]], together: [[Float]], training: (loss: Double, gradientNorm: Double)? = nil) {
            (self.alone, self.together) = (alone, together)
            self.training = training
        }
    }

    /// How far numbers may differ, relative to the largest number of their kind on the CPU.
    package struct Limits: Sendable, Hashable {
        /// Above this, there is a warning.
        package let warning: Double
        /// Above this, the device is refused.
        package let refusal: Double

        /// What rounding explains: in float32 sums in another order differ by about 1e-5, and products in TF32 by about
        /// 1e-3; bfloat16 has 8 bits, whose errors add up over the layers to about 1e-2, and float16 has 11.
        package init(_ precision: Precision) {
            (warning, refusal) = precision == .fp32 ? (1e-3, 2e-2) : (5e-2, 2.5e-1)
        }
    }

    /// A row of token ids and segments, with an answer for the loss.
    struct Row: Sendable, Hashable {
        let ids: [Int64]
        let types: [Int64]
        let answer: [Int64]
    }

    /// Rows of these lengths, as far as the model has positions: less and more than what kernels take at once.
    private static let lengths = [7, 16, 33, 64, 130]

    let rows: [Row]

    /// Rows of a model's own words: the same ones each time.
    package init(tokenizer: Tokenizer, positions: Int) {
        let template = tokenizer.template
        let special = Set(template.tokens.map(\.id))
        let count = UInt64(tokenizer.vocabulary.count)
        var state: UInt64 = 0
        func next() -> Int32 {
            // A Weyl sequence with its bits mixed: some word other each time, the same ones on every machine.
            state &+= 0x9E37_79B9_7F4A_7C15
            let word = Int32((state ^ (state >> 29)) % count)
            return special.contains(word) && count > UInt64(special.count) ? next() : word
        }
        rows = Self.lengths.map { min($0, positions) }.map { length in
            let room = length - template.pairCount
            let question = max(1, room / 4)
            let text = max(1, room - question)
            let words = (0..<(question + text)).map { _ in next() }
            var (ids, types): ([Int64], [Int64]) = ([], [])
            template.append(words[..<question], words[question...], ids: &ids, types: &types)
            let start = template.layout.secondStart(first: question)
            return Row(ids: ids, types: types, answer: [Int64(start), Int64(start + text - 1)])
        }
    }

    /// A model's numbers for the rows.
    ///
    /// - Parameter training: whether loss and gradients are computed too; the gradients are dropped again.
    /// - Throws: `TorchError`
    package func outputs(
        of model: QuestionAnsweringModel, on device: Device, training: Bool
    ) throws(TorchError) -> Outputs {
        var alone: [[Float]] = []
        for row in rows { alone += try logits([row], model, device) }
        var outputs = Outputs(alone: alone, together: try logits(rows, model, device))
        if training { outputs.training = try lossAndGradients(model, device) }
        return outputs
    }

    private func logits(
        _ rows: [Row], _ model: QuestionAnsweringModel, _ device: Device
    ) throws(TorchError) -> [[Float]] {
        let input = try input(rows, model, device)
        let all: [Float] = try withoutGradients { () throws(TorchError) in try model(input).to(.float32).array() }
        var start = 0
        return rows.map { row in
            defer { start += row.ids.count }
            return Array(all[(2 * start)..<(2 * (start + row.ids.count))])
        }
    }

    private func input(
        _ rows: [Row], _ model: QuestionAnsweringModel, _ device: Device
    ) throws(TorchError) -> EncoderInput {
        try EncoderInput(
            ids: rows.flatMap(\.ids), typeIDs: rows.flatMap(\.types), lengths: rows.map(\.ids.count),
            numbering: model.config.positions, device: device)
    }

    private func lossAndGradients(
        _ model: QuestionAnsweringModel, _ device: Device
    ) throws(TorchError) -> (loss: Double, gradientNorm: Double) {
        let targets = try Tensor.of(rows.flatMap(\.answer), shape: [rows.count, 2])
        let loss = try model.loss(input(rows, model, device), targets: targets, rowDivisor: Double(rows.count))
        // Small gradients would vanish in float16; see `LossScale`.
        let scale = model.precision == .fp16 ? 1024.0 : 1
        try (loss * scale).backward()
        var squares = 0.0
        for (_, parameter) in model.parameters.all {
            if let gradient = try parameter.gradient() { squares += try (gradient * gradient).sum().item() }
            try parameter.clearGradient()
        }
        return (try loss.item(), squares.squareRoot() / scale)
    }

    /// Compares the device's numbers with those of the CPU in float32.
    ///
    /// - Returns: what to warn of; nil if nothing differs by more than rounding explains.
    /// - Throws: `ReaderError.deviceCheck` for a difference that no rounding explains, or numbers that are not finite.
    package static func compare(
        _ outputs: Outputs, with reference: Outputs, precision: Precision, device: String
    ) throws(ReaderError) -> String? {
        var differences = [
            ("logits of single rows", difference(outputs.alone, reference.alone)),
            ("logits of rows in a batch", difference(outputs.together, reference.alone)),
        ]
        if let (loss, norm) = outputs.training, let (expectedLoss, expectedNorm) = reference.training {
            differences.append(("the loss", relative(loss, expectedLoss)))
            differences.append(("the gradients' norm", relative(norm, expectedNorm)))
        }
        let limits = Limits(precision)
        let found = differences.filter { !($0.1 <= limits.warning) }
        guard !found.isEmpty else { return nil }
        let list = found.map { "\($0.0) by \(share($0.1))" }.joined(separator: ", ")
        let message =
            "the device \(device) computes other results in \(precision.rawValue) than the CPU: it differs in \(list)"
        guard found.allSatisfy({ $0.1 <= limits.refusal }) else {
            throw .deviceCheck(
                "\(message), and rounding explains \(share(limits.refusal)) at most; its results would be wrong. Use "
                    + "`device` cpu, try `precision` fp32 or another libtorch; `skip_device_check` uses it "
                    + "anyway")
        }
        return
            "\(message), which is more than the \(share(limits.warning)) that is usual; compare its answers with "
            + "`device` cpu"
    }

    private static func share(_ value: Double) -> String {
        guard value.isFinite else { return "numbers that are not finite" }
        return "\(((100 * value * 1000).rounded() / 1000)) per cent"
    }

    /// The largest difference relative to the largest expected number; infinite if a number is not finite.
    private static func difference(_ rows: [[Float]], _ expected: [[Float]]) -> Double {
        let (flat, wanted) = (rows.flatMap(\.self), expected.flatMap(\.self))
        guard flat.count == wanted.count, flat.allSatisfy(\.isFinite) else { return .infinity }
        let worst = zip(flat, wanted).map { abs(Double($0) - Double($1)) }.max() ?? 0
        return worst / max(1e-12, Double(wanted.map(abs).max() ?? 0))
    }

    private static func relative(_ value: Double, _ expected: Double) -> Double {
        value.isFinite ? abs(value - expected) / max(1e-12, abs(expected)) : .infinity
    }
}

extension DeviceCheck {
    /// Checks a model that was loaded onto a device against the same files on the CPU. Weights that are not finite are
    /// left to the checks that name them.
    ///
    /// - Parameter warn: called for differences that are larger than usual.
    /// - Throws: `ReaderError.deviceCheck`, `.model`, `.computation`
    package static func check(
        _ model: QuestionAnsweringModel, tokenizer: Tokenizer, directory: ModelDirectory, use: ParameterUse,
        device: Device, headSeed: UInt64, warn: (String) -> Void
    ) throws(ReaderError) {
        let reference: QuestionAnsweringModel
        do {
            reference = try QuestionAnsweringModel(
                directory: directory, use: use, precision: .fp32, device: .cpu, headSeed: headSeed)
        } catch {
            throw .model(error)
        }
        let check = DeviceCheck(tokenizer: tokenizer, positions: model.config.longestRow)
        let expected: Outputs
        let outputs: Outputs
        do {
            expected = try check.outputs(of: reference, on: .cpu, training: use == .training)
            outputs = try check.outputs(of: model, on: device, training: use == .training)
        } catch {
            throw .computation("on \(device.rawValue): \(error)")
        }
        guard expected.alone.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { return }
        if let message = try compare(outputs, with: expected, precision: model.precision, device: device.rawValue) {
            warn(message)
        }
    }
}
