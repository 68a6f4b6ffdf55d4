import Foundation
import Testing
import Torch

/// Runs `body` on a thread for each rank, all in one group, and returns what each gave.
private func inGroup<Value: Sendable>(
    of size: Int, timeout: Double = 20, _ body: @escaping @Sendable (ProcessGroup) throws -> Value
) async throws -> [Value] {
    let server = try ProcessStore(host: "127.0.0.1", port: 0, role: .serverOnLoopback, timeout: timeout)
    let port = server.port
    let results = try await withThrowingTaskGroup(of: (Int, Value).self, returning: [Int: Value].self) { group in
        for rank in 0..<size {
            group.addTask {
                try await withCheckedThrowingContinuation { continuation in
                    Thread.detachNewThread {
                        do {
                            let store = try ProcessStore(host: "127.0.0.1", port: port, role: .client, timeout: timeout)
                            let part = try ProcessGroup(
                                store: store, rank: rank, size: size, backend: .gloo(address: "127.0.0.1"),
                                timeout: timeout)
                            continuation.resume(returning: (rank, try body(part)))
                        } catch {
                            continuation.resume(throwing: error)
                        }
                    }
                }
            }
        }
        return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    withExtendedLifetime(server) {}
    return (0..<size).compactMap { results[$0] }
}

@Suite("A group of processes", .serialized)
struct ProcessGroupTests {
    @Test("sums numbers, and gives all what one has", arguments: [2, 3])
    func collectives(size: Int) async throws {
        let results = try await inGroup(of: size) { group in
            let sums = try group.sums([1, Double(group.rank)])
            let tensor = try Tensor.full([3], value: Double(group.rank), dtype: .float32)
            try group.broadcast(tensor, from: 1)
            let bytes = try group.bytes(group.rank == 0 ? Array("hello".utf8) : [], from: 0)
            let lines = try group.gather(Array(repeating: UInt8(group.rank), count: group.rank))
            return (sums, try tensor.array(of: Float.self), bytes, lines)
        }
        for (sums, shared, bytes, lines) in results {
            #expect(sums == [Double(size), Double(size * (size - 1) / 2)])
            #expect(shared == [1, 1, 1])
            #expect(bytes == Array("hello".utf8))
            #expect(lines == (0..<size).map { Array(repeating: UInt8($0), count: $0) })
        }
    }

    @Test(
        "sums gradients in buckets of any size, those of parameters without one and of accumulated passes too",
        arguments: [1, 24, 1 << 20])
    func reducer(bucketBytes: Int) async throws {
        let results = try await inGroup(of: 2) { group in
            let parameters = try (0..<4).map { number in
                let parameter = try Tensor.full([2, number + 1], value: Double(number + 1))
                try parameter.setRequiresGradient(true)
                return parameter
            }
            let reducer = try GradientReducer(group: group, parameters: parameters, bucketBytes: bucketBytes)
            var rounds: [[[Float]]] = []
            for round in 1...2 {
                for parameter in parameters { try parameter.clearGradient() }
                // A first pass that is only added up, then the one that is summed. Rank 1 leaves out the last
                // parameter.
                for isLast in [false, true] {
                    let used = group.rank == 1 ? parameters.dropLast() : parameters[...]
                    var loss = try Tensor.full([], value: 0)
                    for parameter in used {
                        loss = try loss + (parameter * parameter).sum() * Double(round * (group.rank + 1))
                    }
                    if isLast { try reducer.arm() }
                    try loss.backward()
                }
                try reducer.finish()
                rounds.append(try parameters.map { try #require(try $0.gradient()).array(of: Float.self) })
            }
            return rounds
        }
        for rounds in results {
            for (round, gradients) in rounds.enumerated() {
                for (number, gradient) in gradients.enumerated() {
                    // Two passes of each rank; d/dx x² = 2x.
                    let weights = number == 3 ? 1 : 3
                    let expected = Float(2 * 2 * (number + 1) * (round + 1) * weights)
                    #expect(gradient == Array(repeating: expected, count: 2 * (number + 1)))
                }
            }
        }
    }

    @Test("a process that never comes is waited for no longer than was said")
    func timeout() async throws {
        let server = try ProcessStore(host: "127.0.0.1", port: 0, role: .serverOnLoopback, timeout: 5)
        let start = ContinuousClock.now
        #expect(throws: TorchError.self) {
            _ = try ProcessGroup(
                store: server, rank: 0, size: 2, backend: .gloo(address: "127.0.0.1"), timeout: 1)
        }
        #expect(ContinuousClock.now - start < .seconds(15))
    }

    /// The addresses, in the kernel's hexadecimal, at which this machine listens on a port.
    private func listeningAddresses(port: Int) throws -> [Substring] {
        let suffix = ":" + String(port, radix: 16, uppercase: true)
        return try ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { path -> [Substring] in
            guard FileManager.default.fileExists(atPath: path) else { return [] }
            return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").dropFirst().compactMap {
                // - Source: proc_net_tcp: 0A is LISTEN.
                let fields = $0.split(separator: " ")
                return fields[1].hasSuffix(suffix) && fields[3] == "0A" ? fields[1].dropLast(suffix.count) : nil
            }
        }
    }

    @Test(
        "a store for one machine listens on the loopback address alone",
        .enabled(if: FileManager.default.fileExists(atPath: "/proc/net/tcp"), "the system does not list its sockets"))
    func loopback() throws {
        let server = try ProcessStore(host: "127.0.0.1", port: 0, role: .serverOnLoopback, timeout: 5)
        #expect(try listeningAddresses(port: server.port) == ["0100007F"])
        try server.set("a", "1")
        let client = try ProcessStore(host: "localhost", port: server.port, role: .client, timeout: 5)
        #expect(try client.value("a") == "1")
        // The port is taken: a second server must not share it.
        #expect(throws: TorchError.self) {
            _ = try ProcessStore(host: "127.0.0.1", port: server.port, role: .serverOnLoopback, timeout: 5)
        }
    }

    @Test("the store keeps values, apart under each prefix")
    func store() throws {
        let server = try ProcessStore(host: "127.0.0.1", port: 0, role: .serverOnLoopback, timeout: 5)
        let client = try ProcessStore(host: "127.0.0.1", port: server.port, role: .client, timeout: 5)
        let one = try client.prefixed("1")
        try one.set("a", "ä")
        #expect(try server.prefixed("1").value("a") == "ä")
        #expect(try server.value("a") == nil)
        try one.set("a", "")
        #expect(try one.value("a") == "")
        #expect(throws: TorchError.self) {
            _ = try ProcessStore(host: "127.0.0.1", port: 99999, role: .client, timeout: 1)
        }
    }
}
