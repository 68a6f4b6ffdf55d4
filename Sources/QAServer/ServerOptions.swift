/// What the server takes on at once. The defaults are those of Hugging Face's text-embeddings-inference where it has them.
public struct ServerLimits: Sendable, Hashable {
    /// Questions being answered at one time; one more is refused with status 429.
    public var concurrentRequests = 512
    /// Tokens that one pass of the model takes.
    public var batchTokens = 16_384
    /// Bytes of a request's body; a longer one is refused with status 413.
    public var payloadBytes = 2_000_000
    /// Pairs of question and text in one request.
    public var pairs = 32
    /// How long an idle model waits for the companions of the batch before.
    public var batchDelay = Duration.milliseconds(2)
    /// Documents in the store.
    public var documents = 10_000
    /// Bytes of all documents' texts together.
    public var storedBytes = 1_000_000_000
    /// Passages that the model reads for a question to all documents.
    public var searchPassages = 10

    /// The defaults.
    public init() {}
}

/// How long the server waits for clients.
public struct ServerTimeouts: Sendable, Hashable {
    /// From the first byte of a request, or from the opening of a connection, to the end of the headers.
    public var headers = Duration.seconds(10)
    /// From the headers to the end of the body.
    public var body = Duration.seconds(30)
    /// Between two requests of a connection.
    public var idle = Duration.seconds(75)
    /// For a client to take a response.
    public var response = Duration.seconds(30)
    /// For what is being answered when the server is asked to stop.
    public var drain = Duration.seconds(30)

    /// The defaults.
    public init() {}
}

/// Everything that a server is started with.
public struct ServerOptions: Sendable {
    /// The address to listen on.
    public var host = "127.0.0.1"
    /// The port to listen on; 0 lets the system choose.
    public var port = 8080
    /// The file with the documents; nil keeps them in memory.
    public var database: String?
    /// What requests must bring as a bearer token; nil asks for nothing.
    public var apiKey: APIKey?
    /// The name that the model has in responses.
    public var modelName: String
    /// BertQA's version, as `/health` and `/metrics` tell it.
    public var version: String
    /// What is taken on at once.
    public var limits = ServerLimits()
    /// How long clients are waited for.
    public var timeouts = ServerTimeouts()

    /// Options with the defaults.
    public init(modelName: String, version: String) {
        self.modelName = modelName
        self.version = version
    }
}
