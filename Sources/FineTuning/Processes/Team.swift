import Console
import Foundation
import Torch

/// The processes that train together, of which this is one; or this process alone.
///
/// All of them do the same with the same numbers, except that each computes the gradients of other rows. The one with
/// rank 0 writes.
package final class Team {
    /// This process's number, from 0.
    package let rank: Int
    /// The number of processes.
    package let size: Int
    private let heartbeat: Heartbeat?
    /// nil in a process that trains alone, or has left.
    private var links: Links?

    private struct Links {
        let group: ProcessGroup
        /// For tensors on GPUs; nil if the other connection carries all tensors.
        let devices: ProcessGroup?
        let timeout: Double
        /// Kept, since this process may serve the store.
        let store: ProcessStore
        let serves: Bool
    }

    /// This process alone.
    package init() {
        (rank, size, heartbeat, links) = (0, 1, nil, nil)
    }

    deinit { heartbeat?.end() }

    /// Meets the other processes.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait for the others, now and in each step, in seconds.
    ///   - device: where the gradients are; on CUDA they go by NCCL.
    ///   - whenOrphaned: called if the process that started this one ends; nil does not watch it.
    /// - Throws: `TrainingError.processes` that names the missing processes.
    package init(
        place: ProcessPlace, timeout: Double, device: Device = .cpu, whenOrphaned: (@Sendable () -> Void)? = nil
    ) throws(TrainingError) {
        (rank, size) = (place.rank, place.size)
        do {
            let serves = place.rank == 0 && !place.storeIsServed
            let role: ProcessStore.Role =
                !serves ? .client : place.isOneMachine ? .serverOnLoopback : .server
            let server = try ProcessStore(host: place.host, port: place.port, role: role, timeout: timeout)
            let store = try server.prefixed(place.storePrefix)
            // A connection of its own: calls of one wait for each other.
            let beats = try ProcessStore(host: place.host, port: place.port, role: .client, timeout: timeout)
                .prefixed(place.storePrefix)
            let heartbeat = Heartbeat(place: place, store: beats, whenOrphaned: whenOrphaned)
            do {
                let address = try LocalAddress.agreed(place: place, store: store, timeout: timeout)
                let group = try ProcessGroup(
                    store: try store.prefixed("host"), rank: rank, size: size, backend: .gloo(address: address),
                    timeout: timeout)
                let devices =
                    device == .cuda
                    ? try ProcessGroup(
                        store: try store.prefixed("device"), rank: rank, size: size, backend: .nccl, timeout: timeout)
                    : nil
                links = Links(group: group, devices: devices, timeout: timeout, store: server, serves: serves)
                self.heartbeat = heartbeat
            } catch {
                let reason = heartbeat.diagnosis(of: error, timeout: timeout)
                heartbeat.end()
                throw TrainingError.processes("rank \(rank) of \(size): \(reason)")
            }
        } catch let error as TrainingError {
            throw error
        } catch {
            throw .processes(
                "rank \(rank) of \(size) did not meet the others at \(place.host):\(place.port) within "
                    + "\(Figures.duration(timeout)) (MASTER_ADDR, MASTER_PORT): \(error)")
        }
    }

    /// Whether this process writes the run's files and reports to the user.
    package var writes: Bool { rank == 0 }

    /// Whether another process has ended and said why, so that this one's error only follows from it.
    package var otherSaidWhy: Bool { heartbeat?.otherSaidWhy ?? false }

    /// Notes the step that is being computed.
    func enter(step: Int) { heartbeat?.enter(step: step) }

    /// Runs an operation that all processes take part in; nothing in a process that trains alone.
    ///
    /// - Throws: `TrainingError.processes` that names the process that keeps the others from continuing.
    func together(_ body: (ProcessGroup) throws(TorchError) -> Void) throws(TrainingError) {
        guard let links, let heartbeat else { return }
        do {
            try body(links.group)
        } catch {
            throw .processes(
                "rank \(rank) of \(size): \(heartbeat.diagnosis(of: error, timeout: links.timeout)); the last "
                    + "checkpoint is whole, continue with `resume`")
        }
    }

    /// Records why this process ends, so that the others can report it, and leaves them.
    package func leave(because error: any Error) {
        guard let heartbeat, let (store, serves) = links.map({ ($0.store, $0.serves) }) else { return }
        heartbeat.leave(because: "\(error)")
        // The others may wait in a common computation: it fails once the connections are closed, and they ask the store
        // why.
        links = nil
        withExtendedLifetime(store) { if serves { Thread.sleep(forTimeInterval: Heartbeat.farewellTime) } }
    }

    /// What sums these parameters' gradients over the processes; nil in a process that trains alone.
    func reducer(_ parameters: [Tensor]) throws(TorchError) -> GradientReducer? {
        guard let links else { return nil }
        return try GradientReducer(group: links.devices ?? links.group, parameters: parameters)
    }

    /// Replaces the elements by their sums over the processes, on the tensor's device.
    func sum(_ tensor: Tensor) throws(TrainingError) {
        guard let links else { return }
        try together { _ throws(TorchError) in try (links.devices ?? links.group).allReduce(tensor) }
    }

    /// The sums of each number over the processes.
    func sums(_ numbers: [Double]) throws(TrainingError) -> [Double] {
        var result = numbers
        try together { group throws(TorchError) in result = try group.sums(numbers) }
        return result
    }

    /// The text that each process contributes, by rank.
    func gather(_ text: String) throws(TrainingError) -> [String] {
        try gather(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The bytes that each process contributes, by rank.
    func gather(_ bytes: [UInt8]) throws(TrainingError) -> [[UInt8]] {
        var result = [bytes]
        try together { group throws(TorchError) in result = try group.gather(bytes) }
        return result
    }

    /// The text of the process with rank 0.
    func announced(_ text: String) throws(TrainingError) -> String {
        var result = text
        try together { group throws(TorchError) in
            result = String(decoding: try group.bytes(Array(text.utf8), from: 0), as: UTF8.self)
        }
        return result
    }

    /// Copies the elements of rank 0's tensors to those of all processes.
    func share(_ tensors: [Tensor]) throws(TrainingError) {
        guard let links else { return }
        try together { _ throws(TorchError) in
            for tensor in tensors { try (links.devices ?? links.group).broadcast(tensor, from: 0) }
        }
    }
}
