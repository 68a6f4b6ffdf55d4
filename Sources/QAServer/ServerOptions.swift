import QuestionAnswering
import Retrieval

/// What the server accepts at once. The defaults are those of Hugging Face's text-embeddings-inference where it has
/// them.
public struct ServerLimits: Sendable, Hashable {
    /// Requests being answered at one time; one more is refused with status 429.
    public var concurrentRequests = 512
    /// Bytes that these hold together (bodies, tokens, responses); what would need more is refused with status 429.
    public var waitingBytes = 512_000_000
    /// Tokens that wait for the model; what would add more is refused with status 429.
    public var waitingTokens = 4_000_000
    /// Tokens of one batch. Requests of over 1,024 tokens get at most 250 ms of each.
    public var batchTokens = 16_384
    /// Bytes of a request's body; a longer one is refused with status 413.
    public var payloadBytes = 2_000_000
    /// Bytes of a question; a longer one is refused with status 422.
    public var questionBytes = 16_384
    /// Pairs of question and text in one request.
    public var pairs = 32
    /// Rows (windows of texts) that one request may take; more are refused with status 422.
    public var requestRows = 4096
    /// Tokens of these rows, which overlap; more are refused with status 422.
    public var requestTokens = 1_000_000
    /// Bytes of a response; what would be longer is refused with status 422.
    public var responseBytes = 16_000_000
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
    /// For a client to take a response, and a second more for each 100 kB of it.
    public var response = Duration.seconds(30)
    /// For requests that are being answered when the server is asked to stop; then the rest is refused with status 503.
    public var drain = Duration.seconds(30)

    /// The defaults.
    public init() {}
}

/// Where documents are stored.
public enum DocumentPlace: Sendable, Hashable {
    /// In a database file.
    case file(String)
    /// In a PostgreSQL database, by its URL; several servers may share it.
    case postgresql(String)
    /// In memory, until the server ends.
    case memory
    /// Nowhere: documents are refused.
    ///
    /// - Parameter reason: why, and how to have them; responses quote it.
    case nowhere(reason: String)
}

/// The encoder whose vectors find passages beside words.
package struct PassageEncoder: Sendable, Hashable {
    /// The folder of any model, with a head or without.
    package var folder: String
    /// What its matrix products compute in; nil takes bf16 where the device multiplies it in hardware.
    package var precision: Precision?
    /// Where it runs; nil takes the best device there is.
    package var device: Device?

    /// The encoder in a folder.
    package init(folder: String) { self.folder = folder }
}

/// Everything that a server is started with.
public struct ServerOptions: Sendable {
    /// The address to listen on.
    public var host = "127.0.0.1"
    /// The port to listen on; 0 lets the system choose.
    public var port = 8080
    /// Names besides those of loopback that requests may have in `Host`. Where there are none, a server that does not
    /// listen on loopback accepts every name.
    public var allowedHosts: [String] = []
    /// Origins of web pages that may use the server, as `https://app.example`; `*` allows all.
    public var allowedOrigins: [String] = []
    /// Where documents are stored.
    public var documents = DocumentPlace.memory
    /// The language of documents and questions; nil takes what the database has, English in a new one.
    package var language: SearchLanguage?
    /// What makes vectors of passages and questions; nil finds passages by words alone.
    package var encoder: PassageEncoder?
    /// What requests must bring as a bearer token; nil asks for nothing.
    public var apiKey: APIKey?
    /// The name that the model has in responses.
    public var modelName: String
    /// BertQA's version, for `/health` and `/metrics`.
    public var version: String
    /// What is accepted at once.
    public var limits = ServerLimits()
    /// How long clients are waited for.
    public var timeouts = ServerTimeouts()

    /// Options with the defaults.
    public init(modelName: String, version: String) {
        self.modelName = modelName
        self.version = version
    }
}
