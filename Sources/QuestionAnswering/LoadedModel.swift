import BERT
import Torch
import WordPiece

/// A model directory as training and reading need it: the model and the tokenizer that belongs to it.
public struct LoadedModel {
    /// The model.
    public let model: BertForQuestionAnswering
    /// The tokenizer, whose ids all have a row in the model's embedding.
    public let tokenizer: Tokenizer
    /// The checkpoint keys that the files do not have and that were drawn anew; empty for a fine-tuned model.
    public let newKeys: [String]

    /// Loads both and checks that they fit.
    ///
    /// - Throws: `ReaderError.model` or `.tokenizer`, or `.mismatch`, naming the file.
    public init(
        directory path: String, use: ParameterUse, precision: Precision, device: Device, headSeed: UInt64 = 42
    ) throws(ReaderError) {
        if precision == .int8, device != .cpu || !Runtime.cpuMultipliesInt8 || use == .training {
            throw .precision(
                use == .training
                    ? "--precision int8 is for answering; train in fp32 or bf16"
                    : "--precision int8 needs a CPU with AVX512-VNNI, and --device cpu; this is "
                        + "\(Runtime.cpuCapability) on \(device.rawValue)")
        }
        do {
            let directory = try ModelDirectory(path: path)
            model = try BertForQuestionAnswering(
                directory: directory, use: use, precision: precision, device: device, headSeed: headSeed)
            newKeys = try directory.contents().newKeys
        } catch {
            throw .model(error)
        }
        do {
            tokenizer = try Tokenizer(directory: path)
        } catch {
            throw .tokenizer(error)
        }
        let rows = model.config.vocabSize
        guard tokenizer.vocabulary.count <= rows else {
            throw .mismatch(
                "\(path): the vocabulary has \(tokenizer.vocabulary.count) entries, but the model embeds only \(rows); "
                    + "the tokenizer belongs to another model")
        }
    }
}
