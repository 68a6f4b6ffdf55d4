/// How a model is written.
package struct ExportOptions: Sendable, Hashable {
    /// What the weights, and what is computed with them, are stored in.
    package enum Precision: String, Sendable, Hashable, CaseIterable {
        /// float32.
        case fp32
        /// float16, half the size; the logits are float32.
        case fp16
    }

    /// The version of ONNX's operators.
    package var opset = 17
    /// See `Precision`.
    package var precision = Precision.fp32
    /// Whether the matrices of the layers are 8-bit integers, as `Precision.int8` of the encoder computes with them.
    package var int8 = false

    /// The first version has layer normalisation as an operator; with the last, the file is known to be read.
    package static let opsets = 17...22

    /// float32 with the operators of ONNX 1.12.
    package init() {}

    /// Checks the options.
    ///
    /// - Throws: `ExportError` of kind `.options`.
    package func validate() throws(ExportError) {
        guard Self.opsets.contains(opset) else {
            throw ExportError(
                .options,
                "`opset` \(opset) must be from \(Self.opsets.lowerBound) (layer normalisation came with it) to "
                    + "\(Self.opsets.upperBound)")
        }
        guard !int8 || precision == .fp32 else {
            throw ExportError(
                .options,
                "`int8` quantises from float32: activations are measured in it while they are computed; leave "
                    + "`precision` fp16 out")
        }
    }

    /// The version of the file format that came with the operators.
    ///
    /// - Source: the table of released versions in onnx's docs/Versioning.md
    var formatVersion: Int64 {
        switch opset {
        case ...18: 8
        case ...20: 9
        default: 10
        }
    }
}
