/// What the server takes on at once. The defaults are those of Hugging Face's text-embeddings-inference where it has them.
package struct ServerLimits: Sendable, Hashable {
    /// Questions being answered at one time; one more is refused with status 429.
    package var concurrentRequests = 512
    /// Tokens that one pass of the model takes.
    package var batchTokens = 16_384
    /// Bytes of a request's body; a longer one is refused with status 413.
    package var payloadBytes = 2_000_000
    /// Pairs of question and text in one request.
    package var pairs = 32
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
    /// For a client to take a response.
    package var response = Duration.seconds(30)
    /// For what is being answered when the server is asked to stop.
    package var drain = Duration.seconds(30)

    /// The defaults.
    package init() {}
}

/// Everything that a server is started with.
package struct ServerOptions: Sendable {
    /// The address to listen on.
    package var host = "127.0.0.1"
    /// The port to listen on; 0 lets the system choose.
    package var port = 8080
    /// The file with the documents; nil keeps them in memory.
    package var database: String?
    /// What requests must bring as a bearer token; nil asks for nothing.
    package var apiKey: APIKey?
    /// The name that the model has in responses.
    package var modelName: String
    /// BertQA's version, as `/health` and `/metrics` tell it.
    package var version: String
    /// What is taken on at once.
    package var limits = ServerLimits()
    /// How long clients are waited for.
    package var timeouts = ServerTimeouts()

    /// Options with the defaults.
    package init(modelName: String, version: String) {
        self.modelName = modelName
        self.version = version
    }
}
