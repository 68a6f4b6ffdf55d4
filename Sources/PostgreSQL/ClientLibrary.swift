import Foundation

/// The functions of libpq, PostgreSQL's client library, found when the first connection is made: a machine without it
/// builds and runs everything else.
///
/// - Source: https://www.postgresql.org/docs/current/libpq.html. The version of the interface, 5, dates from 2006.
struct ClientLibrary: Sendable {
    typealias Pointer = OpaquePointer
    typealias CText = UnsafePointer<CChar>

    let connect: @convention(c) (UnsafePointer<CText?>, UnsafePointer<CText?>, Int32) -> Pointer?
    let status: @convention(c) (Pointer) -> Int32
    let errorMessage: @convention(c) (Pointer) -> CText?
    let finish: @convention(c) (Pointer) -> Void
    let setNoticeProcessor:
        @convention(c) (Pointer, @convention(c) (UnsafeMutableRawPointer?, CText?) -> Void, UnsafeMutableRawPointer?)
            -> UnsafeRawPointer?
    let setNonblocking: @convention(c) (Pointer, Int32) -> Int32
    let socket: @convention(c) (Pointer) -> Int32
    let send:
        @convention(c) (
            Pointer, CText, Int32, UnsafePointer<UInt32>?, UnsafePointer<CText?>, UnsafePointer<Int32>,
            UnsafePointer<Int32>, Int32
        ) -> Int32
    let flush: @convention(c) (Pointer) -> Int32
    let consumeInput: @convention(c) (Pointer) -> Int32
    let isBusy: @convention(c) (Pointer) -> Int32
    let result: @convention(c) (Pointer) -> Pointer?
    let resultStatus: @convention(c) (Pointer) -> Int32
    let resultErrorField: @convention(c) (Pointer, Int32) -> CText?
    let rowCount: @convention(c) (Pointer) -> Int32
    let columnCount: @convention(c) (Pointer) -> Int32
    let value: @convention(c) (Pointer, Int32, Int32) -> UnsafePointer<UInt8>?
    let valueLength: @convention(c) (Pointer, Int32, Int32) -> Int32
    let isNull: @convention(c) (Pointer, Int32, Int32) -> Int32
    let clear: @convention(c) (Pointer) -> Void

    /// `CONNECTION_OK`
    static let isConnected: Int32 = 0
    /// `PGRES_COMMAND_OK`, `PGRES_TUPLES_OK`
    static let successes: ClosedRange<Int32> = 1...2
    /// `PG_DIAG_SQLSTATE`
    static let stateField = Int32(UInt8(ascii: "C"))
    /// `PG_DIAG_MESSAGE_PRIMARY`
    static let messageField = Int32(UInt8(ascii: "M"))

    /// What the library is called on different systems.
    static let names = [
        "libpq.so.5", "libpq.5.dylib", "/opt/homebrew/opt/libpq/lib/libpq.5.dylib",
        "/usr/local/opt/libpq/lib/libpq.5.dylib",
    ]

    /// The library of this machine.
    static let installed: Result<ClientLibrary, PostgresError> = open(names)

    /// Opens the first of these libraries that there is. It is never closed.
    static func open(_ names: [String]) -> Result<ClientLibrary, PostgresError> {
        guard let handle = names.lazy.compactMap({ dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first else {
            return .failure(
                PostgresError(
                    .library,
                    "PostgreSQL's client library is not installed (libpq; Debian: libpq5, macOS: brew "
                        + "install libpq)"))
        }
        do { return .success(try ClientLibrary(handle)) } catch { return .failure(error) }
    }

    private init(_ handle: UnsafeMutableRawPointer) throws(PostgresError) {
        func find<Function>(_ name: String) throws(PostgresError) -> Function {
            guard let address = dlsym(handle, name) else {
                throw PostgresError(.library, "PostgreSQL's client library has no \(name); install libpq 10 or later")
            }
            return unsafeBitCast(address, to: Function.self)
        }
        connect = try find("PQconnectdbParams")
        status = try find("PQstatus")
        errorMessage = try find("PQerrorMessage")
        finish = try find("PQfinish")
        setNoticeProcessor = try find("PQsetNoticeProcessor")
        setNonblocking = try find("PQsetnonblocking")
        socket = try find("PQsocket")
        send = try find("PQsendQueryParams")
        flush = try find("PQflush")
        consumeInput = try find("PQconsumeInput")
        isBusy = try find("PQisBusy")
        result = try find("PQgetResult")
        resultStatus = try find("PQresultStatus")
        resultErrorField = try find("PQresultErrorField")
        rowCount = try find("PQntuples")
        columnCount = try find("PQnfields")
        value = try find("PQgetvalue")
        valueLength = try find("PQgetlength")
        isNull = try find("PQgetisnull")
        clear = try find("PQclear")
    }
}
