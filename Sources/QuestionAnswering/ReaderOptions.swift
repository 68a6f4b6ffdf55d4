import BERT
import Torch
import Tokenizers

/// How a reader runs its model.
public struct ReaderOptions: Sendable, Hashable {
    /// The most tokens of one window, special tokens included; nil takes 384, or the model's positions if fewer.
    public var maxLength: Int?
    /// Tokens that two neighbouring windows of a long text share; nil takes 128, or a third of a window if that is
    /// less.
    public var docStride: Int?
    /// The most tokens of an answer.
    public var maxAnswerLength = 30
    /// A question is left unanswered if its no-answer probability is above this, 0 to 1; 1 always answers. Nil takes
    /// `no_answer_threshold` of the model's `config.json`, and always answers if there is none.
    public var noAnswerThreshold: Double?
    /// A question is left unanswered if its best answer's score is below this, 0 to 1; nil answers all.
    public var minScore: Double?
    /// The precision of matrix products; nil takes bf16 if the device multiplies it in hardware.
    public var precision: Precision?
    /// Where the model runs; nil takes the best device there is.
    public var device: Device?
    /// Whether a device other than the CPU is trusted without first comparing it with the CPU; see `DeviceCheck`.
    public var skipsDeviceCheck = false
    /// Where the weights are kept. In a mapped file they take less memory and the first answer comes sooner, but the
    /// file must not change while the reader is in use.
    public var weightStorage = WeightStorage.memory

    /// The usual options.
    public init() {}
}
