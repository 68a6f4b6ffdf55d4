import Checkpoints
import Files
import Torch

extension QuestionAnsweringModel {
    /// Loads a model directory in the Hugging Face layout.
    ///
    /// A head that the checkpoint does not have is drawn from the configuration's initializer range and `headSeed`.
    ///
    /// - Parameter needsHead: whether a model for inference must have a head; one that only encodes need not.
    /// - Throws: `CheckpointError` for files that are missing, do not fit, or are changed while they are read, or for
    ///   weights that libtorch refuses.
    package init(
        directory: ModelDirectory, use: ParameterUse, precision: Precision, device: Device = .cpu,
        storage: WeightStorage = .mapped, headSeed: UInt64 = 42, needsHead: Bool = true
    ) throws(CheckpointError) {
        let contents =
            try use == .inference && needsHead ? directory.contentsWithHead() : directory.contents()
        do {
            var all: [(name: String, tensor: Tensor)] = []
            for parameter in ModelParameters.shapes(directory.config) {
                let tensor =
                    if let view = contents.tensors[parameter.key] {
                        try view.tensor()
                    } else {
                        try Self.newHead(parameter, config: directory.config, seed: headSeed)
                    }
                let prepared = try tensor.prepared(for: use, storage, parameter, precision, device)
                all.append((parameter.key, prepared))
            }
            // Training has copies of its own, and must not keep the file mapped, whose pages would stay.
            let parameters = Parameters(
                all, views: use == .inference ? contents.tensors : [:],
                source: use == .inference && storage == .mapped ? directory.weights : nil)
            try self.init(config: directory.config, parameters: parameters, precision: precision, use: use)
            try directory.weights.checkUnchanged()
        } catch let error as CheckpointError {
            throw error
        } catch {
            throw CheckpointError(path: directory.path, kind: .mismatch, message: "\(error)")
        }
    }

    private static func newHead(
        _ parameter: ModelParameters.Shape, config: EncoderConfig, seed: UInt64
    ) throws(TorchError) -> Tensor {
        parameter.key.hasSuffix(".bias")
            ? try Tensor.zeros(parameter.shape)
            : try Tensor.normal(parameter.shape, standardDeviation: config.initializerRange, seed: seed)
    }

    /// Writes `model.safetensors` with float32 weights, as transformers names and orders them; it appears whole or not
    /// at all.
    ///
    /// - Throws: `FileError`.
    package func writeWeights(to path: String) throws(FileError) {
        try SafetensorsFile.write(parameters.all, to: path)
    }
}

extension Tensor {
    fileprivate func prepared(
        for use: ParameterUse, _ storage: WeightStorage, _ parameter: ModelParameters.Shape, _ precision: Precision,
        _ device: Device
    ) throws(TorchError) -> Tensor {
        switch use {
        case .training:
            let own = try to(.float32).to(device).clone()
            try own.setRequiresGradient(true)
            return own
        case .inference:
            // Matrices of the layers are all that is multiplied in another type than float32.
            let isMatrix = parameter.role == .matrix
            // Of these the layers make copies.
            if isMatrix, use.packs(precision, on: device) { return self }
            if isMatrix, precision == .int8 { return try to(.float32).to(device) }
            // Few rows of a table are read: they are converted then, and the rest stays as it is.
            let wanted: DType =
                switch (parameter.role, precision) {
                case (.table, _): dtype
                case (.matrix, .bf16): .bfloat16
                case (.matrix, .fp16): .float16
                default: .float32
                }
            if storage == .memory, wanted == dtype, device == .cpu { return try clone() }
            return try to(wanted).to(device)
        }
    }
}
