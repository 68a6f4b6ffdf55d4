import Hummingbird
import Logging
import NIOCore

/// What a request carries along.
struct ServerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The client's connection; nil if the application that the routes are mounted in keeps it to itself.
    let channel: (any Channel)?

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// The context of a request that another application hands on.
    init(logger: Logger) {
        coreContext = CoreRequestContextStorage(source: MountedSource(logger: logger))
        channel = nil
    }

    private struct MountedSource: RequestContextSource {
        let logger: Logger
    }
}
