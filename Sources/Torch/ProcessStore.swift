import CTorch

/// A table of keys and values that one process serves and others connect to, by which processes find each other: c10d's
/// TCPStore, the one that torchrun serves. May be used from any thread; calls wait for each other.
package final class ProcessStore: @unchecked Sendable {
    let handle: OpaquePointer
    /// The port that it is reached at.
    package let port: Int

    private init(owning handle: OpaquePointer, port: Int) {
        (self.handle, self.port) = (handle, port)
    }

    deinit {
        ct_store_free(handle)
    }

    /// Connects to the store at a host's port.
    ///
    /// - Parameters:
    ///   - serves: whether this process holds the store; port 0 takes a free one then.
    ///   - timeout: how long the others are waited for, in seconds.
    package convenience init(host: String, port: Int, serves: Bool, timeout: Double) throws(TorchError) {
        var store: OpaquePointer?
        var bound: Int32 = 0
        try check(
            ct_store_connect(host, Int32(clamping: port), serves, timeout, &store, &bound),
            "ProcessStore(\(host):\(port))")
        guard let store else { throw Self.nothing("ProcessStore") }
        self.init(owning: store, port: Int(bound))
    }

    /// The same store with a prefix before every key.
    package func prefixed(_ prefix: String) throws(TorchError) -> ProcessStore {
        var store: OpaquePointer?
        try check(ct_store_prefixed(handle, prefix, &store), "ProcessStore.prefixed")
        guard let store else { throw Self.nothing("ProcessStore.prefixed") }
        return ProcessStore(owning: store, port: port)
    }

    /// Sets the value of a key.
    package func set(_ key: String, _ value: String) throws(TorchError) {
        let bytes = Array(value.utf8)
        try check(ct_store_set(handle, key, bytes, bytes.count), "ProcessStore.set(\(key))")
    }

    /// The value of a key; nil where there is none.
    package func value(_ key: String) throws(TorchError) -> String? {
        var tensor: OpaquePointer?
        try check(ct_store_get(handle, key, &tensor), "ProcessStore.value(\(key))")
        guard let tensor else { return nil }
        return String(decoding: try Tensor(owning: tensor).array(of: UInt8.self), as: UTF8.self)
    }

    private static func nothing(_ operation: String) -> TorchError {
        TorchError(kind: .failed, operation: operation, operands: "", message: "the call succeeded without a result")
    }
}
