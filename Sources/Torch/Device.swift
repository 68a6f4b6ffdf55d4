import CTorch
import Synchronization

/// Where tensors live and operations run.
public enum Device: String, Sendable, Hashable, CaseIterable {
    /// The host's processor.
    case cpu
    /// The current NVIDIA (or ROCm) GPU.
    case cuda
    /// An Apple GPU.
    case mps

    /// Whether this machine and this libtorch have the device.
    public var isAvailable: Bool { ct_device_available(ct) }

    /// CUDA where it is available, else the CPU. MPS must be requested, since its results have been wrong before
    /// (pytorch#170837).
    public static var best: Device { Device.cuda.isAvailable ? .cuda : .cpu }

    /// Makes the device with that number, from 0, the one that this kind stands for; does nothing for the CPU.
    package func select(index: Int) throws(TorchError) {
        try check(ct_select_device(ct, Int32(clamping: index)), "Device.select")
    }

    /// Whether the device multiplies bfloat16 matrices in hardware: NVIDIA GPUs do from compute capability 8.0 on.
    /// False where there is no such device.
    public var multipliesBFloat16: Bool { ct_device_has_bfloat16(ct) }

    /// Whether the device multiplies float16 matrices in hardware: NVIDIA GPUs do from compute capability 7.0 on. False
    /// for other devices, where nothing is known of it.
    package var multipliesFloat16: Bool { ct_device_capability(ct) >= 70 }

    var ct: CTDeviceKind {
        switch self {
        case .cpu: CT_CPU
        case .cuda: CT_CUDA
        case .mps: CT_MPS
        }
    }
}

/// libtorch's state in this process.
package enum Runtime {
    /// libtorch's version, such as `2.13.0`.
    package static var version: String { String(cString: ct_version()) }

    /// The instruction set that libtorch's CPU kernels use, such as `AVX512`.
    package static var cpuCapability: String { String(cString: ct_cpu_capability()) }

    /// Whether the CPU multiplies bfloat16 matrices in hardware.
    package static var cpuMultipliesBFloat16: Bool { ct_cpu_has_bfloat16() }

    /// Whether the CPU multiplies 8-bit integers in hardware, without overflow on the way.
    package static var cpuMultipliesInt8: Bool { ct_cpu_has_int8() }

    /// Puts large tensors of the CPU into memory apart from the heap and keeps that from step to step, which saves
    /// clearing it again. Programs call this once at their start; it holds for the whole process.
    ///
    /// - Returns: false under AddressSanitizer, which watches the heap.
    @discardableResult
    package static func tuneAllocator() -> Bool {
        ct_tune_allocator()
    }

    /// Returns freed memory to the system, where the host's allocator can.
    package static func releaseMemory() { ct_release_memory() }

    /// Sets how many compiled matrix products the libraries of libtorch keep; 1,024 each is their own default. A server
    /// whose batches keep changing size would collect them for hours.
    ///
    /// Must be called before the first product; the environment (`ONEDNN_PRIMITIVE_CACHE_CAPACITY`,
    /// `LRU_CACHE_CAPACITY`) has precedence.
    ///
    /// - Throws: `TorchError` for a count below 1.
    package static func keepProducts(_ count: Int) throws(TorchError) {
        try check(ct_keep_products(Int32(clamping: count)), "keepProducts")
    }

    /// Whether a GPU computes the same bits from the same numbers; see `setDeterministic`.
    package static var isDeterministic: Bool { ct_deterministic() }

    /// Makes a GPU compute the same bits from the same numbers, by slower operations; those that cannot throw from then
    /// on. The CPU always does. It holds for the whole process and must be called before the GPU's first matrix
    /// product.
    package static func setDeterministic(_ deterministic: Bool) throws(TorchError) {
        try check(ct_set_deterministic(deterministic), "setDeterministic")
    }

    /// Whether work is recorded as graphs where a device can (`Device.recordsGraphs`).
    package static var usesGraphs: Bool { wantsGraphs.load(ordering: .relaxed) }

    /// Sets `usesGraphs`; it holds for models that are loaded later, in the whole process.
    package static func setUsesGraphs(_ wanted: Bool) { wantsGraphs.store(wanted, ordering: .relaxed) }

    private static let wantsGraphs = Atomic(false)

    /// The number of threads that one operation may use.
    package static var threads: Int { Int(ct_threads()) }

    /// Sets the number of threads that one operation may use, at least 1.
    package static func setThreads(_ count: Int) throws(TorchError) {
        try check(ct_set_threads(Int32(clamping: count)), "setThreads")
    }

    /// Bytes of memory that this process has resident now and had at its peak.
    package static func memory() throws(TorchError) -> (resident: Int, peak: Int) {
        var resident: Int64 = 0
        var peak: Int64 = 0
        try check(ct_memory(&resident, &peak), "memory")
        return (Int(resident), Int(peak))
    }
}
