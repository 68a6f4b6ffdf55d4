import CTorch

/// A table of keys and values that one process serves and others connect to, by which processes find each other: c10d's
/// TCPStore, the one that torchrun serves. Any thread may use it; calls wait for each other.
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

    /// Who serves the store, and to whom.
    package enum Role: Sendable {
        /// Another process serves it.
        case client
        /// This process serves it to the processes of this machine, on 127.0.0.1.
        case serverOnLoopback
        /// This process serves it on every network interface, without a password.
        case server

        fileprivate var ct: CTStoreRole {
            switch self {
            case .client: CT_STORE_CLIENT
            case .serverOnLoopback: CT_STORE_SERVER_ON_LOOPBACK
            case .server: CT_STORE_SERVER
            }
        }
    }

    /// Connects to the store at a host's port.
    ///
    /// - Parameters:
    ///   - port: 0 takes a free port, for a server.
    ///   - timeout: how long to wait for the store, in seconds.
    package convenience init(host: String, port: Int, role: Role, timeout: Double) throws(TorchError) {
        var store: OpaquePointer?
        var bound: Int32 = 0
        try check(
            ct_store_connect(host, Int32(clamping: port), role.ct, timeout, &store, &bound),
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
