import AsyncHTTPClient
import Foundation
import NIOCore
import NIOPosix

/// Turns errors of the network into sentences.
enum NetworkFailure {
    /// - Parameters:
    ///   - host: the server that was asked.
    ///   - proxy: the proxy through which it was asked.
    static func sentence(_ error: any Error, host: String, proxy: ProxySettings.Proxy?) -> String {
        let place = proxy?.description ?? host
        switch error {
        case let error as NIOConnectionError: return connection(error, proxy)
        case let error as IOError: return system(error.errnoCode, place)
        case let error as HTTPClientError: return client(error, host, place, proxy)
        default:
            // The errors of TLS have many types.
            let isTLS = String(reflecting: type(of: error)).hasPrefix("NIOSSL.")
            return isTLS ? "\(host) cannot be reached by TLS: \(error)" : "\(place): \(error)"
        }
    }

    private static func connection(_ error: NIOConnectionError, _ proxy: ProxySettings.Proxy?) -> String {
        let place = proxy?.description ?? error.host
        // Each address of the host was tried: the first refusal speaks for all.
        if let failure = error.connectionErrors.first {
            if let code = (failure.error as? IOError)?.errnoCode { return system(code, place) }
            return "no connection to \(place): \(failure.error)"
        }
        return "the name \(error.host) does not resolve" + (proxy == nil ? "" : " (\(place))")
    }

    private static func system(_ code: Int32, _ place: String) -> String {
        switch code {
        case ECONNREFUSED: "\(place) refuses the connection"
        case ENETUNREACH, EHOSTUNREACH, ENETDOWN: "there is no route to \(place)"
        case ECONNRESET, EPIPE: "\(place) closed the connection"
        default: "\(place): \(String(cString: strerror(code)))"
        }
    }

    private static func client(
        _ error: HTTPClientError, _ host: String, _ place: String, _ proxy: ProxySettings.Proxy?
    ) -> String {
        switch error {
        case .connectTimeout: "no connection to \(place) in 15 seconds"
        case .readTimeout: "\(place) sent nothing for 60 seconds"
        case .writeTimeout: "\(place) accepted nothing for 60 seconds"
        case .remoteConnectionClosed: "\(place) closed the connection"
        case .proxyAuthenticationRequired: "\(place) requires a user name and a password"
        case .invalidProxyResponse, .httpProxyHandshakeTimeout, .socksHandshakeTimeout:
            "\(place) does not connect to \(host)"
        case .tlsHandshakeTimeout: "\(host) does not complete the TLS handshake"
        default: "\(place): \(error)"
        }
    }
}
