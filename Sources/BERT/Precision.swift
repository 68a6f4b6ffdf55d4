import Torch

/// What matrix products compute in. Weights, layer norms, softmax and loss are float32 either way.
public enum Precision: String, Sendable, Hashable, CaseIterable {
    /// float32 throughout.
    case fp32
    /// Operands of matrix products rounded to bfloat16, sums in float32.
    case bf16
    /// Operands of matrix products rounded to float16, sums in float32; training scales its loss. For GPUs without
    /// bfloat16.
    case fp16
    /// Operands of the encoder's linear layers as 8-bit integers, sums in 32-bit integers; for reading on the CPU only.
    case int8

    /// bf16 where the device multiplies it in hardware, else fp16 where a GPU multiplies that, else fp32.
    public static func automatic(on device: Device) -> Precision {
        switch device {
        case .cpu: Runtime.cpuMultipliesBFloat16 ? .bf16 : .fp32
        case .cuda: Device.cuda.multipliesBFloat16 ? .bf16 : Device.cuda.multipliesFloat16 ? .fp16 : .fp32
        case .mps: .fp32
        }
    }
}
