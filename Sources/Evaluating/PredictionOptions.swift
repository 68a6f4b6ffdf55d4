import BERT
import QuestionAnswering
import Torch

/// How a model answers the questions of a dataset.
public struct PredictionOptions: Sendable {
    /// How rows are cut.
    public var features = FeatureOptions()
    /// How start and end of an answer are chosen.
    package var decoder = SpanDecoder()
    /// A question is left unanswered if its no-answer probability is above this, 0 to 1; nil takes the model's
    /// threshold.
    public var noAnswerThreshold: Double?
    /// A question is left unanswered if its best answer's score is below this, 0 to 1; nil answers all.
    public var minScore: Double?
    /// The precision of matrix products; nil takes bf16 if the device multiplies it in hardware.
    public var precision: Precision?
    /// Where the model runs; nil takes the best device there is.
    public var device: Device?
    /// Whether a device other than the CPU is trusted without `DeviceCheck`.
    public var skipsDeviceCheck = false
    /// Whether int8 is used without a record that allows it, in order to measure it.
    var measuresInt8 = false
    /// Whether predictions keep the samples for a calibration, and are scored without one.
    var measuresConfidence = false

    /// The usual options.
    public init() {}

    /// The device that the model runs on.
    var resolvedDevice: Device { device ?? Device.best }
    /// The model's precision.
    var resolvedPrecision: Precision { precision ?? .automatic(on: resolvedDevice) }

    /// Loads models that are to answer together, at least one.
    ///
    /// - Throws: `ReaderError`; also for models with different tokenizers.
    func load(_ folders: [String]) throws(ReaderError) -> LoadedModel {
        var loaded = try load(folders[0])
        for folder in folders.dropFirst() { try loaded.join(load(folder), names: (folders[0], folder)) }
        return loaded
    }

    private func load(_ folder: String) throws(ReaderError) -> LoadedModel {
        guard resolvedDevice.isAvailable else { throw .device(resolvedDevice) }
        return try LoadedModel(
            directory: folder, use: .inference, precision: resolvedPrecision, device: resolvedDevice,
            skipsDeviceCheck: skipsDeviceCheck, allowsUnmeasuredInt8: measuresInt8)
    }

    /// The options for a loaded model, whose positions limit the rows.
    ///
    /// - Throws: `ReaderError` for rows that the model cannot read.
    func fitted(to loaded: LoadedModel) throws(ReaderError) -> PredictionOptions {
        var fitted = self
        fitted.features = try features.fitted(
            to: loaded.longestRow, tokenizer: loaded.tokenizer)
        return fitted
    }

    /// Runs a model that was loaded with these options.
    func predictor(_ loaded: LoadedModel) -> Predictor {
        var predictor = Predictor(loaded, device: resolvedDevice)
        predictor.decoder = decoder
        if measuresConfidence { predictor.scoring = .measuring }
        return predictor
    }
}
