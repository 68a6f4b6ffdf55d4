import CTorch

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

    /// The best device there is: CUDA, else the CPU. MPS has to be asked for, since its results have been wrong before
    /// (pytorch#170837).
    public static var best: Device { Device.cuda.isAvailable ? .cuda : .cpu }

    /// Makes the device with that number, from 0, the one that this kind means on this thread and others; nothing for the CPU.
    package func select(index: Int) throws(TorchError) {
        try check(ct_select_device(ct, Int32(clamping: index)), "Device.select")
    }

    /// Whether the device multiplies bfloat16 matrices in hardware: NVIDIA GPUs do from compute capability 8.0 on. False
    /// where there is no such device.
    public var multipliesBFloat16: Bool { ct_device_has_bfloat16(ct) }

    /// Bytes that tensors take on the current device of this kind, now and at their peak since the start or the last
    /// `resetPeakMemory`; for the CPU the memory of the process. Zero where the device is missing, unused or does not tell.
    package func memory() throws(TorchError) -> (allocated: Int, peak: Int) {
        var allocated: Int64 = 0
        var peak: Int64 = 0
        try check(ct_device_memory(ct, &allocated, &peak), "Device.memory")
        return (Int(allocated), Int(peak))
    }

    /// Lets the peak of `memory` begin at what is allocated now. That of the CPU cannot be reset and stays.
    package func resetPeakMemory() throws(TorchError) {
        try check(ct_reset_peak(ct), "Device.resetPeakMemory")
    }

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

    /// Lets large tensors of the CPU have memory of their own, apart from the heap, and keeps it from step to step, which
    /// saves clearing it again. For programs to call once at their start; it holds for the whole process.
    ///
    /// - Returns: false under AddressSanitizer, which watches the heap.
    @discardableResult
    package static func tuneAllocator() -> Bool {
        ct_tune_allocator()
    }

    /// Gives memory that was freed back to the system, where the host's allocator can.
    package static func releaseMemory() { ct_release_memory() }

    /// Sets how many compiled matrix products the libraries of libtorch keep; 1,024 each is their own default. A server
    /// that meets batches of ever other sizes would collect them for hours.
    ///
    /// To be called before the first product; what the environment says (`ONEDNN_PRIMITIVE_CACHE_CAPACITY`,
    /// `LRU_CACHE_CAPACITY`) has precedence.
    ///
    /// - Throws: `TorchError` for a count below 1.
    package static func keepProducts(_ count: Int) throws(TorchError) {
        try check(ct_keep_products(Int32(clamping: count)), "keepProducts")
    }

    /// Gives GPU memory that libtorch keeps for later tensors back to the driver; does nothing where there is no GPU.
    package static func emptyDeviceCache() throws(TorchError) {
        try check(ct_empty_device_cache(), "emptyDeviceCache")
    }

    /// Whether a GPU gives the same bits for the same numbers; see `setDeterministic`.
    package static var isDeterministic: Bool { ct_deterministic() }

    /// Lets a GPU give the same bits for the same numbers, by slower operations; those that cannot throw from then on. The
    /// CPU always does. It holds for the whole process, and is to be called before the GPU's first matrix product.
    package static func setDeterministic(_ deterministic: Bool) throws(TorchError) {
        try check(ct_set_deterministic(deterministic), "setDeterministic")
    }

    /// The number of threads that one operation may use.
    package static var threads: Int { Int(ct_threads()) }

    /// Sets the number of threads that one operation may use, at least 1.
    package static func setThreads(_ count: Int) throws(TorchError) {
        try check(ct_set_threads(Int32(clamping: count)), "setThreads")
    }

    /// Bytes of memory that this process has in use now, and has had at its peak.
    package static func memory() throws(TorchError) -> (resident: Int, peak: Int) {
        var resident: Int64 = 0
        var peak: Int64 = 0
        try check(ct_memory(&resident, &peak), "memory")
        return (Int(resident), Int(peak))
    }
}
