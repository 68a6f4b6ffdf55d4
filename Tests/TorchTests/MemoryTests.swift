import Foundation
import Testing
import Torch

/// The allocator is the whole process's, so other suites run on it too once it is on.
@Suite("The memory of large tensors", .serialized)
struct MemoryTests {
    private static let tellsMemory = FileManager.default.fileExists(atPath: "/proc/self/statm")
    private static let isApart = Runtime.tuneAllocator()

    /// Tensors of 0.1 to 8 MB, some of which are let go at each step; each holds its own number throughout.
    private func exercise(seed: UInt64, rounds: Int) throws -> Bool {
        var state = seed
        func random(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        var held: [(tensor: Tensor, value: Float)] = []
        for round in 0..<rounds {
            let value = Float(round % 1000) + Float(seed) / 8
            let count = 25_000 + Int(random(2_000_000))
            held.append((try Tensor.full([count], value: Double(value)), value))
            while held.count > 8 || random(3) == 0, !held.isEmpty {
                let (tensor, value) = held.remove(at: Int(random(UInt64(held.count))))
                guard try holds(tensor, value) else { return false }
            }
        }
        return try held.allSatisfy { try holds($0.tensor, $0.value) }
    }

    private func holds(_ tensor: Tensor, _ value: Float) throws -> Bool {
        try tensor.array(of: Float.self).allSatisfy { $0 == value }
    }

    @Test("tensors of several threads keep what they hold", .enabled(if: isApart, "AddressSanitizer watches the heap"))
    func apart() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for seed in 1...3 { group.addTask { try exercise(seed: UInt64(seed), rounds: 60) } }
            for try await isWhole in group { #expect(isWhole) }
        }
    }

    @Test(
        "what was let go goes back to the system when asked, and only then",
        .enabled(
            if: tellsMemory && isApart, "the system does not tell a process's memory, or AddressSanitizer watches it"))
    func released() throws {
        let size = 512 << 20
        var tensor: Tensor? = try Tensor.full([size / 4], value: 1)
        #expect(tensor != nil)
        let full = try Runtime.memory().resident
        tensor = nil
        #expect(try Runtime.memory().resident > full - size / 4)
        Runtime.releaseMemory()
        #expect(try Runtime.memory().resident < full - size / 4 * 3)
    }

    @Test("to keep no products is refused")
    func products() {
        #expect(throws: TorchError.self) { try Runtime.keepProducts(0) }
    }
}
