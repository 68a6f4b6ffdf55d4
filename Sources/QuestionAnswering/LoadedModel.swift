import BERT
import Files
import Torch
import Tokenizers

/// A model directory as training and reading need it: the model and the tokenizer that belongs to it.
package struct LoadedModel {
    /// The model.
    package let model: QuestionAnsweringModel
    /// The tokenizer, whose ids all have a row in the model's embedding.
    package let tokenizer: Tokenizer
    /// The checkpoint keys that the files do not have and that were drawn anew; empty for a fine-tuned model.
    package let newKeys: [String]
    /// The models that answer together with this one, which have the same tokenizer; see `LoadedModel+Ensemble`.
    package internal(set) var partners: [LoadedModel] = []

    /// Loads both and checks that they fit, and that a device other than the CPU computes what the CPU does.
    ///
    /// - Parameters:
    ///   - storage: where a model that answers keeps its weights.
    ///   - skipsDeviceCheck: whether the device is trusted without `DeviceCheck`.
    ///   - allowsUnmeasuredInt8: whether int8 is used without a `QuantizationRecord`, to measure it.
    ///   - needsHead: whether a model for inference must have a question-answering head.
    ///   - warn: called for what is unusual but no error; writes a line on standard error by default.
    /// - Throws: `ReaderError.model` or `.tokenizer`, or `.mismatch`, naming the file; `.deviceCheck`.
    package init(
        directory path: String, use: ParameterUse, precision: Precision, device: Device,
        storage: WeightStorage = .mapped, headSeed: UInt64 = 42, skipsDeviceCheck: Bool = false,
        allowsUnmeasuredInt8: Bool = false, needsHead: Bool = true,
        warn: (String) -> Void = { StandardError.write("warning: \($0)\n") }
    ) throws(ReaderError) {
        if precision == .int8, device != .cpu || !Runtime.cpuMultipliesInt8 || use == .training {
            throw .precision(
                use == .training
                    ? "`precision` int8 is for answering; train in fp32 or bf16"
                    : "`precision` int8 needs a CPU with AVX512-VNNI, and `device` cpu; this is "
                        + "\(Runtime.cpuCapability) on \(device.rawValue)")
        }
        if precision == .int8, !allowsUnmeasuredInt8 { try QuantizationRecord.check(path) }
        let directory: ModelDirectory
        do {
            directory = try ModelDirectory(path: path)
            model = try QuestionAnsweringModel(
                directory: directory, use: use, precision: precision, device: device, storage: storage,
                headSeed: headSeed, needsHead: needsHead)
            let contents = try directory.contents()
            newKeys = contents.newKeys
            if let first = contents.unknownNames.first {
                let others = contents.unknownNames.count > 1 ? " and \(contents.unknownNames.count - 1) more" : ""
                let family = model.config.family.title
                warn("\(path): ignores \(first)\(others): no weights of \(family) for question answering")
            }
        } catch {
            throw .model(error)
        }
        tokenizer = try Self.tokenizer(of: path, config: model.config, warn: warn)
        if device != .cpu, !skipsDeviceCheck {
            try DeviceCheck.check(
                model, tokenizer: tokenizer, directory: directory, use: use, device: device, headSeed: headSeed,
                warn: warn)
        }
    }

    /// The tokenizer of a model: no id beyond its embedding, no segment that it does not have.
    private static func tokenizer(
        of path: String, config: EncoderConfig, warn: (String) -> Void
    ) throws(ReaderError) -> Tokenizer {
        do {
            var tokenizer = try Tokenizer(directory: path)
            for warning in tokenizer.warnings { warn(warning) }
            let rows = config.vocabSize
            guard tokenizer.listedCount <= rows else {
                throw ReaderError.mismatch(
                    "\(path): the vocabulary has \(tokenizer.listedCount) entries, but the model embeds only \(rows); "
                        + "the tokenizer belongs to another model")
            }
            if tokenizer.vocabulary.count > rows {
                let names = tokenizer.addedTokens.filter { $0.id >= rows }.map(\.token.content).joined(separator: ", ")
                warn(
                    "\(path): the model has no embedding for \(names), which transformers adds to the vocabulary; in a "
                        + "text they are read as words")
                tokenizer = try tokenizer.withoutAddedTokens(from: rows)
            }
            if config.typeVocabSize == 1 { tokenizer.secondType = 0 }
            return tokenizer
        } catch let error as TokenizerError {
            throw .tokenizer(error)
        } catch let error as ReaderError {
            throw error
        } catch {
            throw .mismatch("\(path): \(error)")
        }
    }
}
