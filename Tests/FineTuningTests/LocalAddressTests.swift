import Foundation
import Testing
import Torch

import FineTuning

@Suite("The address at which other processes reach this one")
struct LocalAddressTests {
    /// An address of this machine that is not the loopback; the other end of the way is reserved for documentation (RFC
    /// 5737).
    static let outside = LocalAddress.towards("192.0.2.1", port: 9)

    private func place(_ rank: Int, of size: Int, _ host: String) -> ProcessPlace {
        ProcessPlace(rank: rank, size: size, localRank: 0, host: host, port: 29500)
    }

    private func store() throws -> ProcessStore {
        try ProcessStore(host: "127.0.0.1", port: 0, role: .serverOnLoopback, timeout: 10)
    }

    @Test("is not the loopback where another process comes from elsewhere", .enabled(if: outside != nil, "no network"))
    func elsewhere() throws {
        let store = try store()
        let outside = try #require(Self.outside)
        try store.set("address/1", "127.0.0.1")
        try store.set("address/2", outside)
        for host in ["localhost", "127.0.1.1"] {
            let address = try LocalAddress.agreed(place: place(0, of: 3, host), store: store, timeout: 10)
            #expect(address == outside)
        }
        // The others find each other's as they are.
        #expect(try store.value("address/0")?.hasPrefix("127.") == true)
        #expect(try LocalAddress.agreed(place: place(2, of: 3, outside), store: store, timeout: 10) == outside)
    }

    @Test("is the loopback among processes of one machine, whichever comes first")
    func oneMachine() throws {
        let store = try store()
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: 0.2)
            // Where it fails, the one that waits says so.
            try? store.set("address/1", "127.0.0.1")
        }
        let address = try LocalAddress.agreed(place: place(0, of: 2, "127.0.0.1"), store: store, timeout: 10)
        #expect(address == "127.0.0.1")
    }

    @Test("is waited for no longer than the timeout")
    func missing() throws {
        let store = try store()
        #expect(throws: TorchError.self) {
            try LocalAddress.agreed(place: place(0, of: 2, "127.0.0.1"), store: store, timeout: 0.1)
        }
    }

    @Test("counts IPv6 and what is mapped into it")
    func loopbacks() {
        #expect(["127.0.0.1", "127.0.1.1", "::1", "::ffff:127.0.0.1"].allSatisfy(LocalAddress.isLoopback))
        #expect(!["10.0.0.1", "fe80::1", "::ffff:10.0.0.1", "128.0.0.1"].contains(where: LocalAddress.isLoopback))
    }
}
