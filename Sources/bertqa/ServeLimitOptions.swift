import ArgumentParser
import QAServer

/// How much a server accepts.
struct ServeLimitOptions: ParsableArguments {
    @Option(help: "Requests that are answered at the same time; more are refused with status 429.")
    var maxConcurrentRequests = ServerLimits().concurrentRequests

    @Option(
        help: ArgumentHelp(
            "Bytes that these requests hold together; more are refused with status 429.", valueName: "bytes"))
    var maxWaitingBytes = ServerLimits().waitingBytes

    @Option(help: "Tokens that wait for the model; more are refused with status 429.")
    var maxWaitingTokens = ServerLimits().waitingTokens

    @Option(help: "Tokens of one batch. Requests of over 1,024 tokens get at most 250 ms of each.")
    var maxBatchTokens = ServerLimits().batchTokens

    @Option(
        help: ArgumentHelp(
            "Milliseconds that an idle model waits, after a batch of several requests, for as many requests to arrive "
                + "again.", valueName: "ms"))
    var maxBatchDelay = 2

    @Option(help: "Pairs of question and text in one request.")
    var maxClientBatchSize = ServerLimits().pairs

    @Option(help: "Rows (windows of texts) of one request; more are refused with status 422.")
    var maxRequestRows = ServerLimits().requestRows

    @Option(help: "Tokens of these rows, which overlap; more are refused with status 422.")
    var maxRequestTokens = ServerLimits().requestTokens

    @Option(help: ArgumentHelp("Bytes of a request; longer ones are refused with status 413.", valueName: "bytes"))
    var payloadLimit = ServerLimits().payloadBytes

    @Option(help: ArgumentHelp("Bytes of a response; longer ones are refused with status 422.", valueName: "bytes"))
    var maxResponseBytes = ServerLimits().responseBytes

    @Option(help: "Documents that are stored.")
    var maxDocuments = ServerLimits().documents

    @Option(help: ArgumentHelp("Bytes of all stored documents together.", valueName: "bytes"))
    var maxDocumentBytes = ServerLimits().storedBytes

    @Option(help: "Passages that are read for a question to all documents.")
    var searchPassages = ServerLimits().searchPassages

    /// No limit needs to be greater, and sums of these don't overflow.
    private static let most = 1_000_000_000_000

    func validate() throws {
        for (name, value) in [
            ("--max-concurrent-requests", maxConcurrentRequests), ("--max-waiting-bytes", maxWaitingBytes),
            ("--max-waiting-tokens", maxWaitingTokens), ("--max-batch-tokens", maxBatchTokens),
            ("--max-client-batch-size", maxClientBatchSize), ("--max-request-rows", maxRequestRows),
            ("--max-request-tokens", maxRequestTokens), ("--payload-limit", payloadLimit),
            ("--max-response-bytes", maxResponseBytes), ("--max-documents", maxDocuments),
            ("--max-document-bytes", maxDocumentBytes), ("--search-passages", searchPassages),
        ] where !(1...Self.most).contains(value) {
            throw ValidationError("\(name) \(value) must be from 1 to \(Self.most)")
        }
        if !(0...1000).contains(maxBatchDelay) {
            throw ValidationError("--max-batch-delay \(maxBatchDelay) must be from 0 to 1000 milliseconds")
        }
    }

    var limits: ServerLimits {
        var limits = ServerLimits()
        limits.concurrentRequests = maxConcurrentRequests
        limits.waitingBytes = maxWaitingBytes
        limits.waitingTokens = maxWaitingTokens
        limits.batchTokens = maxBatchTokens
        limits.batchDelay = .milliseconds(maxBatchDelay)
        limits.pairs = maxClientBatchSize
        limits.requestRows = maxRequestRows
        limits.requestTokens = maxRequestTokens
        limits.payloadBytes = payloadLimit
        limits.responseBytes = maxResponseBytes
        limits.documents = maxDocuments
        limits.storedBytes = maxDocumentBytes
        limits.searchPassages = searchPassages
        return limits
    }
}
