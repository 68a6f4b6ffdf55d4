import Checkpoints
import Foundation
import Torch

/// A model directory in the Hugging Face layout: its configuration, and its weights, which are mapped but not read yet.
package struct ModelDirectory: Sendable {
    /// The directory as the caller named it.
    package let path: String
    /// What `config.json` says.
    package let config: EncoderConfig
    /// The tensors under the names that the files give them.
    package let weights: ModelWeights

    /// Opens the directory and checks both files, without reading weights.
    ///
    /// - Throws: `CheckpointError` that names what is missing or wrong and says what to do about it.
    package init(path: String) throws(CheckpointError) {
        try Self.checkDirectory(path)
        guard Self.exists("\(path)/config.json") else {
            let advice =
                Self.exists("\(path)/bert_config.json")
                ? "rename bert_config.json, the name of 2018 and of TensorFlow's checkpoints"
                : "expected a Hugging Face model directory"
            throw CheckpointError(path: path, kind: .missing, message: "there is no config.json; \(advice)")
        }
        config = try EncoderConfig(directory: path)
        weights = try ModelWeights(directory: path)
        self.path = path
    }

    /// The weights under the keys of `ModelParameters`, checked against the configuration.
    package func contents() throws(CheckpointError) -> CheckpointContents {
        try CheckpointContents(weights, config: config)
    }

    /// The same of a model that can answer.
    ///
    /// - Throws: `CheckpointError` also for a model without a head.
    package func contentsWithHead() throws(CheckpointError) -> CheckpointContents {
        let contents = try contents()
        guard contents.newKeys.isEmpty else {
            throw CheckpointError(
                path: path, kind: .mismatch,
                message: "the model has no question-answering head (qa_outputs); fine-tune it first")
        }
        return contents
    }

    /// The element type of the layers' matrices in the files; they are most of a model.
    ///
    /// - Throws: `CheckpointError` where the weights do not fit the configuration.
    package var storedType: DType {
        get throws(CheckpointError) {
            let matrix = ModelParameters.shapes(config).first { $0.role == .matrix }
            return try contents().tensors[matrix?.key ?? ""]?.elementType.dtype ?? .float32
        }
    }

    private static func checkDirectory(_ path: String) throws(CheckpointError) {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw CheckpointError(path: path, kind: .missing, message: "there is no such directory")
        }
        guard isDirectory.boolValue else {
            throw CheckpointError(
                path: path, kind: .missing, message: "this is a file; expected the directory with config.json")
        }
    }

    private static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path)
    }
}
