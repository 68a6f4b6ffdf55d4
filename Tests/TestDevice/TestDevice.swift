import Foundation
import Torch

/// The device that the parity tests run on: what `BERTQA_TEST_DEVICE` names, else the CPU.
package enum TestDevice {
    /// Why tests cannot run on the device that was asked for.
    package struct Unusable: Error, CustomStringConvertible {
        /// What is wrong, and what to do.
        package let description: String
    }

    /// The device.
    ///
    /// - Throws: `Unusable` for a name that is none, or a device that is not there: a test that asked for a GPU must
    ///   not pass on the CPU.
    package static func current() throws(Unusable) -> Device {
        let name = ProcessInfo.processInfo.environment["BERTQA_TEST_DEVICE"] ?? ""
        guard !name.isEmpty else { return .cpu }
        guard let device = Device(rawValue: name) else {
            let names = Device.allCases.map(\.rawValue).joined(separator: ", ")
            throw Unusable(description: "BERTQA_TEST_DEVICE=\(name) is not a device; it is one of \(names)")
        }
        guard device.isAvailable else {
            throw Unusable(
                description:
                    "BERTQA_TEST_DEVICE=\(name): this libtorch (\(Runtime.version)) has no such device on this "
                    + "machine; build against one that has it (docs/guide/cuda.md), or unset the variable")
        }
        return device
    }

    /// A limit for errors in float32: on other devices than the CPU sums have another order, and libraries their own
    /// approximations, which 1e-4 leaves room for.
    package static func tolerance(_ cpu: Double) throws(Unusable) -> Double {
        try current() == .cpu ? cpu : max(cpu, 1e-4)
    }

    /// Whether dropout has masks of the device's own there, so that what it gives cannot be compared with the CPU
    /// number by number (docs/decisions/0026-cuda-path.md).
    package static func drawsMasks() throws(Unusable) -> Bool { try current() == .cuda }

    /// What an error is taken relative to: the largest number that was expected, on other devices than the CPU at least
    /// a hundredth of the largest of its company. Where softmax has one weight, the gradient of what it came from is
    /// nought, and rounding on the way there is not.
    package static func scale(_ expected: Double, among all: Double) throws(Unusable) -> Double {
        max(1e-12, try current() == .cpu ? expected : max(expected, 0.01 * all))
    }
}

extension Tensor {
    /// This tensor on the device under test: a leaf there.
    package func onTestDevice() throws -> Tensor { try to(TestDevice.current()) }
}
