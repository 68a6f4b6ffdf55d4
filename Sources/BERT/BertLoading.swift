import Checkpoints
import Torch

/// What the parameters of a loaded model are for.
package enum ParameterUse: Sendable, Hashable {
    /// Answering: weights stay in the mapped file but for those of matrix products where these want another type or layout
    /// (`PackedWeight`, `QuantizedWeight`): of them the file's pages are given back.
    case inference
    /// Training: float32 in memory of their own, recording gradients.
    case training

    /// Whether linear layers keep weights in the products' layout.
    func packs(_ precision: Precision, on device: Device) -> Bool {
        // Not in float32, which it would make 5 per cent faster: a training's own validation, whose weights change, would differ from a later one in last bits.
        self == .inference && precision == .bf16 && device == .cpu && PackedWeight.isAvailable
    }
}

extension BertForQuestionAnswering {
    /// Loads a model directory in the Hugging Face layout.
    ///
    /// A head that the checkpoint doesn't have is drawn from the configuration's initializer range and `headSeed`.
    ///
    /// - Throws: `CheckpointError` for files that are missing or don't fit, or for weights that libtorch refuses.
    package init(
        directory: ModelDirectory, use: ParameterUse, precision: Precision, device: Device = .cpu,
        headSeed: UInt64 = 42
    ) throws(CheckpointError) {
        let contents = try directory.contents()
        if use == .inference, !contents.newKeys.isEmpty {
            throw CheckpointError(
                path: directory.path, kind: .mismatch,
                message: "the model has no question-answering head (qa_outputs); fine-tune it first with `bertqa train`"
            )
        }
        do {
            var all: [(name: String, tensor: Tensor)] = []
            for parameter in BertParameters.shapes(directory.config) {
                let tensor =
                    if let view = contents.tensors[parameter.key] {
                        try view.tensor()
                    } else {
                        try Self.newHead(parameter, config: directory.config, seed: headSeed)
                    }
                all.append((parameter.key, try tensor.prepared(for: use, parameter, precision, device)))
            }
            // Training has copies of its own, and must not keep the file mapped, whose pages would stay.
            let parameters = Parameters(all, views: use == .inference ? contents.tensors : [:])
            try self.init(config: directory.config, parameters: parameters, precision: precision, use: use)
        } catch let error as TorchError {
            throw CheckpointError(path: directory.path, kind: .mismatch, message: "\(error)")
        } catch let error as CheckpointError {
            throw error
        } catch {
            throw CheckpointError(path: directory.path, kind: .mismatch, message: "\(error)")
        }
    }

    private static func newHead(
        _ parameter: BertParameters.Shape, config: BertConfig, seed: UInt64
    ) throws(TorchError) -> Tensor {
        parameter.key.hasSuffix(".bias")
            ? try Tensor.zeros(parameter.shape)
            : try Tensor.normal(parameter.shape, standardDeviation: config.initializerRange, seed: seed)
    }

    /// Writes `model.safetensors` with float32 weights, as transformers names and orders them. In place: who needs the
    /// file whole or not at all writes to a temporary directory and renames that.
    package func writeWeights(to path: String) throws {
        var writer = try SafetensorsWriter(
            path: path,
            tensors: parameters.all.map {
                TensorDescription(name: $0.name, elementType: .float32, shape: $0.tensor.shape)
            })
        for description in writer.order {
            guard let tensor = parameters[description.name] else { continue }
            let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 * tensor.count, alignment: 8)
            defer { bytes.deallocate() }
            try tensor.to(.float32).copyBytes(to: bytes)
            try writer.append(UnsafeRawBufferPointer(bytes))
        }
        try writer.finish()
    }
}

extension TensorView {
    /// The tensor over the mapped file, without a copy where its data is aligned. It must not be changed.
    package func tensor() throws(TorchError) -> Tensor {
        guard let dtype = elementType.dtype else {
            throw TorchError(
                kind: .failed, operation: "load", operands: "\(elementType.rawValue)\(shape)",
                message: "weights of this element type cannot be used; save them as F32, F16 or BF16")
        }
        return try withBytes { bytes throws(TorchError) in
            if Int(bitPattern: bytes.baseAddress) % dtype.byteCount == 0 {
                return try Tensor.borrowing(bytes, shape: shape, dtype: dtype, owner: file)
            }
            return try Tensor.copying(bytes, shape: shape, dtype: dtype)
        }
    }
}

extension ElementType {
    /// The tensor type for weights stored like this; nil for types that are not floating-point numbers libtorch has.
    var dtype: DType? {
        switch self {
        case .float32: .float32
        case .float64: .float64
        case .float16: .float16
        case .bfloat16: .bfloat16
        default: nil
        }
    }
}

extension Tensor {
    fileprivate func prepared(
        for use: ParameterUse, _ parameter: BertParameters.Shape, _ precision: Precision, _ device: Device
    ) throws(TorchError) -> Tensor {
        switch use {
        case .training:
            let own = try to(.float32).to(device).clone()
            try own.setRequiresGradient(true)
            return own
        case .inference:
            // Few rows of a table are read: they are converted then, and the rest stays on disk.
            if parameter.key.hasSuffix("_embeddings.weight") { return try to(device) }
            // Matrices of the encoder's linear layers are all that is multiplied in bfloat16.
            let rounded = precision == .bf16 && parameter.key.contains(".encoder.") && parameter.shape.count == 2
            if rounded, use.packs(precision, on: device) { return self }
            return try to(rounded ? .bfloat16 : .float32).to(device)
        }
    }
}
