import Foundation
import Torch

extension LocalAddress {
    /// The address at which the other processes reach this one: that of the interface towards MASTER_ADDR, unless only
    /// this machine knows it.
    ///
    /// If MASTER_ADDR means this machine itself, that may be the loopback interface, which processes on other machines
    /// cannot reach: PyTorchJob's operator told its master "localhost" up to version 1.3, and Debian gives a machine's
    /// own name 127.0.1.1. Gloo lets the process with the greater address connect, so that only hosts with addresses
    /// above 127.0.0.0/8 fail. All processes write their addresses into the store; one with a loopback address takes
    /// the interface towards the first that has another one.
    /// - Parameter timeout: how long the others' addresses are waited for, in seconds.
    /// - Returns: nil if there is no route to MASTER_ADDR.
    /// - Throws: `TorchError` if a process has not written its address in that time.
    package static func agreed(
        place: ProcessPlace, store: ProcessStore, timeout: Double
    ) throws(TorchError) -> String? {
        let own = towards(place.host, port: place.port)
        try store.set(key(place.rank), own ?? "")
        guard let own, isLoopback(own) else { return own }
        let deadline = Date.now.addingTimeInterval(timeout)
        for rank in 0..<place.size where rank != place.rank {
            let other = try waited(key(rank), store, until: deadline)
            if !other.isEmpty, !isLoopback(other) {
                return towards(other, port: place.port) ?? own
            }
        }
        return own
    }

    /// Whether an IP address, as text, is one that no other machine can reach.
    package static func isLoopback(_ address: String) -> Bool {
        address == "::1" || address.hasPrefix("127.") || address.hasPrefix("::ffff:127.")
    }

    private static func key(_ rank: Int) -> String { "address/\(rank)" }

    private static func waited(_ key: String, _ store: ProcessStore, until deadline: Date) throws(TorchError) -> String
    {
        while true {
            if let value = try store.value(key) { return value }
            guard Date.now < deadline else {
                throw TorchError(
                    kind: .failed, operation: "ProcessStore.value(\(key))", operands: "",
                    message: "not written in time")
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
    }
}
