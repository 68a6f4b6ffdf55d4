import BERT
import Torch
import Tokenizers

/// How a reader runs its model.
public struct ReaderOptions: Sendable, Hashable {
    /// Tokens of one window, specials included; nil takes 384, or what the model has if that is less.
    public var maxLength: Int?
    /// Tokens that two neighbouring windows of a long text share; nil takes 128, or a third of a window if that is
    /// less.
    public var docStride: Int?
    /// Tokens that an answer may have.
    public var maxAnswerLength = 30
    /// A question more likely to have no answer than this, 0 to 1, is left unanswered; 1 always answers. Nil takes what
    /// the model's `config.json` says (`no_answer_threshold`), and always answers where it says nothing.
    public var noAnswerThreshold: Double?
    /// A question whose best answer has a score below this, 0 to 1, is left unanswered; nil answers all.
    public var minScore: Double?
    /// What matrix products compute in; nil takes bf16 where the device multiplies it in hardware.
    public var precision: Precision?
    /// Where the model runs; nil takes the best device there is.
    public var device: Device?
    /// Whether a device other than the CPU is believed without comparing it with the CPU first; see `DeviceCheck`.
    public var skipsDeviceCheck = false
    /// Where the weights are kept. In a mapped file they take less memory and the first answer comes sooner, but the
    /// file must not be changed as long as the reader is used.
    public var weightStorage = WeightStorage.memory

    /// The usual options.
    public init() {}
}
