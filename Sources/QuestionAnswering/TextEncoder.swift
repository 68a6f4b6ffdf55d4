import BERT
import CVectors
import Files
import Tokenizers
import Torch

/// Turns texts into vectors of length 1: the means of the encoder's last states over all tokens of a text, as in
/// sentence encoders.
///
/// An actor with a thread of its own, as `Reader` is.
///
/// - Source: Reimers and Gurevych 2019, "Sentence-BERT", arXiv:1908.10084, section 3.
package actor TextEncoder {
    /// The number of elements of a vector.
    package nonisolated let width: Int
    /// A digest of the files that the vectors depend on.
    package nonisolated let identity: String
    private let loaded: LoadedModel
    private let device: Device
    /// The tokens of a text that count; later ones do not.
    private let longest: Int
    private let thread = ModelThread()

    /// Passages have about 300 tokens, and sentence encoders have been trained on fewer.
    private static let mostTokens = 384
    /// The most tokens of one pass.
    private static let tokenBudget = 4096
    /// Besides `.safetensors`. Settings of `config.json` that change vectors come with other weights.
    private static let files: Set = [
        "vocab.txt", "vocab.json", "merges.txt", "sentencepiece.bpe.model", "tokenizer.json",
        "tokenizer_config.json", "pytorch_model.bin",
    ]

    /// The thread of the encoder.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Loads an encoder: any model's folder, with a head or without.
    ///
    /// - Parameters:
    ///   - precision: that of matrix products; nil takes bf16 if the device multiplies it in hardware.
    ///   - device: where it runs; nil takes the best device there is.
    /// - Throws: `ReaderError` that names the file; `FileError`.
    package static func load(
        _ directory: String, precision: Precision? = nil, device: Device? = nil
    ) async throws -> TextEncoder {
        try TextEncoder(directory, precision: precision, device: device ?? Device.best)
    }

    private init(_ directory: String, precision: Precision?, device: Device) throws {
        guard device.isAvailable else { throw ReaderError.device(device) }
        // int8 is measured for answers, not for vectors.
        let precision = precision == .int8 ? .automatic(on: device) : precision ?? .automatic(on: device)
        loaded = try LoadedModel(
            directory: directory, use: .inference, precision: precision, device: device, storage: .memory,
            needsHead: false, warn: { _ in })
        self.device = device
        width = loaded.model.config.hiddenSize
        longest = min(Self.mostTokens, loaded.model.config.longestRow)
        identity = try Self.identity(of: directory)
    }

    /// The properties of an encoder, without loading it.
    ///
    /// - Throws: `CheckpointError` or `FileError` that names the file.
    package static func description(of directory: String) throws -> (identity: String, width: Int) {
        let config = try ModelDirectory(path: directory).config
        return (try identity(of: directory), config.hiddenSize)
    }

    private static func identity(of directory: String) throws(FileError) -> String {
        var digests = ""
        for name in try DurableFiles.names(in: directory).sorted()
        where files.contains(name) || name.hasSuffix(".safetensors") {
            digests += try FileDigest.sha256(path: "\(directory)/\(name)")
        }
        return FileDigest.sha256(of: digests)
    }

    /// The vector of a text.
    package func vector(of text: String) throws(ReaderError) -> [Float] { try vectors(of: [text])[0] }

    /// The vectors of texts, in their order.
    ///
    /// - Parameter progress: called after each pass with the number of texts done.
    /// - Throws: `ReaderError.computation`, `.notFinite`.
    package func vectors(
        of texts: [String], progress: @Sendable (Int) -> Void = { _ in }
    ) throws(ReaderError) -> [[Float]] {
        var result: [[Float]] = []
        result.reserveCapacity(texts.count)
        var rows: [Encoding] = []
        var tokens = 0
        for text in texts {
            let row = loaded.tokenizer.encode(text, maxLength: longest)
            if !rows.isEmpty, tokens + row.count > Self.tokenBudget {
                result += try read(rows)
                progress(result.count)
                (rows, tokens) = ([], 0)
            }
            rows.append(row)
            tokens += row.count
        }
        if !rows.isEmpty { result += try read(rows) }
        progress(result.count)
        return result
    }

    private func read(_ rows: [Encoding]) throws(ReaderError) -> [[Float]] {
        let states: [Float]
        do {
            let input = try EncoderInput(
                ids: rows.flatMap { $0.ids.map(Int64.init) }, typeIDs: rows.flatMap { $0.typeIDs.map(Int64.init) },
                lengths: rows.map(\.count), numbering: loaded.model.config.positions, device: device)
            let model = loaded.model
            states = try withoutGradients { () throws(TorchError) in
                try model.encoder(input).to(.float32).to(.cpu).array()
            }
        } catch {
            throw .computation("\(error)")
        }
        var starts: [Int64] = [0]
        for row in rows { starts.append(starts[starts.count - 1] + Int64(row.count)) }
        let means = [Float](unsafeUninitializedCapacity: rows.count * width) { buffer, count in
            cv_unit_means(states, width, starts, rows.count, buffer.baseAddress)
            count = rows.count * width
        }
        guard means.allSatisfy(\.isFinite) else {
            throw .notFinite("the encoder's states are not finite; its weights are damaged, or need `precision` fp32")
        }
        return rows.indices.map { Array(means[($0 * width)..<(($0 + 1) * width)]) }
    }
}
