/// What the server accepts at once. The defaults are those of Hugging Face's text-embeddings-inference where it has
/// them.
package struct ServerLimits: Sendable, Hashable {
    /// Requests being answered at one time; one more is refused with status 429.
    package var concurrentRequests = 512
    /// Bytes that these hold together (bodies, tokens, responses); what would need more is refused with status 429.
    package var waitingBytes = 512_000_000
    /// Tokens that wait for the model; what would add more is refused with status 429.
    package var waitingTokens = 4_000_000
    /// Tokens that one pass of the model takes.
    package var batchTokens = 16_384
    /// Bytes of a request's body; a longer one is refused with status 413.
    package var payloadBytes = 2_000_000
    /// Bytes of a question; a longer one is refused with status 422.
    package var questionBytes = 16_384
    /// Pairs of question and text in one request.
    package var pairs = 32
    /// Rows (windows of texts) that one request may take; more are refused with status 422.
    package var requestRows = 4096
    /// Tokens of these rows, which overlap; more are refused with status 422.
    package var requestTokens = 1_000_000
    /// Bytes of a response; what would be longer is refused with status 422.
    package var responseBytes = 16_000_000
    /// How long an idle model waits for the companions of the batch before.
    package var batchDelay = Duration.milliseconds(2)
    /// Documents in the store.
    package var documents = 10_000
    /// Bytes of all documents' texts together.
    package var storedBytes = 1_000_000_000
    /// Passages that the model reads for a question to all documents.
    package var searchPassages = 10

    /// The defaults.
    package init() {}
}

/// How long the server waits for clients.
package struct ServerTimeouts: Sendable, Hashable {
    /// From the first byte of a request, or from the opening of a connection, to the end of the headers.
    package var headers = Duration.seconds(10)
    /// From the headers to the end of the body.
    package var body = Duration.seconds(30)
    /// Between two requests of a connection.
    package var idle = Duration.seconds(75)
    /// For a client to take a response, and a second more for each 100 kB of it.
    package var response = Duration.seconds(30)
    /// For requests that are being answered when the server is asked to stop; then the rest is refused with status 503.
    package var drain = Duration.seconds(30)

    /// The defaults.
    package init() {}
}

/// Where documents are stored.
package enum DocumentPlace: Sendable, Hashable {
    /// In a database file.
    case file(String)
    /// In memory, until the server ends.
    case memory
    /// Nowhere: documents are refused.
    ///
    /// - Parameter reason: why, and how to have them; clients are told.
    case nowhere(reason: String)
}

/// Everything that a server is started with.
package struct ServerOptions: Sendable {
    /// The address to listen on.
    package var host = "127.0.0.1"
    /// The port to listen on; 0 lets the system choose.
    package var port = 8080
    /// Names besides those of loopback that requests may have in `Host`. Where there are none, a server that does not
    /// listen on loopback accepts every name.
    package var allowedHosts: [String] = []
    /// Origins of web pages that may use the server, as `https://app.example`; `*` allows all.
    package var allowedOrigins: [String] = []
    /// Where documents are stored.
    package var documents = DocumentPlace.memory
    /// What requests must bring as a bearer token; nil asks for nothing.
    package var apiKey: APIKey?
    /// The name that the model has in responses.
    package var modelName: String
    /// BertQA's version, for `/health` and `/metrics`.
    package var version: String
    /// What is accepted at once.
    package var limits = ServerLimits()
    /// How long clients are waited for.
    package var timeouts = ServerTimeouts()

    /// Options with the defaults.
    package init(modelName: String, version: String) {
        self.modelName = modelName
        self.version = version
    }
}
