import ArgumentParser
import QAServer

/// How much a server takes on.
struct ServeLimitOptions: ParsableArguments {
    @Option(help: "Requests being answered at one time; more are refused with status 429.")
    var maxConcurrentRequests = ServerLimits().concurrentRequests

    @Option(help: "Tokens of one batch.")
    var maxBatchTokens = ServerLimits().batchTokens

    @Option(
        help: ArgumentHelp(
            "Milliseconds that an idle model waits for the companions of the last batch.", valueName: "ms"))
    var maxBatchDelay = 2

    @Option(help: "Pairs of question and text in one request.")
    var maxClientBatchSize = ServerLimits().pairs

    @Option(help: ArgumentHelp("Bytes of a request; longer ones are refused with status 413.", valueName: "bytes"))
    var payloadLimit = ServerLimits().payloadBytes

    @Option(help: "Documents that are stored.")
    var maxDocuments = ServerLimits().documents

    @Option(help: ArgumentHelp("Bytes of all stored documents together.", valueName: "bytes"))
    var maxDocumentBytes = ServerLimits().storedBytes

    @Option(help: "Passages that are read for a question to all documents.")
    var searchPassages = ServerLimits().searchPassages

    func validate() throws {
        for (name, value) in [
            ("--max-concurrent-requests", maxConcurrentRequests), ("--max-batch-tokens", maxBatchTokens),
            ("--max-client-batch-size", maxClientBatchSize), ("--payload-limit", payloadLimit),
            ("--max-documents", maxDocuments), ("--max-document-bytes", maxDocumentBytes),
            ("--search-passages", searchPassages),
        ] where value < 1 { throw ValidationError("\(name) \(value) must be at least 1") }
        if !(0...1000).contains(maxBatchDelay) {
            throw ValidationError("--max-batch-delay \(maxBatchDelay) must be from 0 to 1000 milliseconds")
        }
    }

    var limits: ServerLimits {
        var limits = ServerLimits()
        limits.concurrentRequests = maxConcurrentRequests
        limits.batchTokens = maxBatchTokens
        limits.batchDelay = .milliseconds(maxBatchDelay)
        limits.pairs = maxClientBatchSize
        limits.payloadBytes = payloadLimit
        limits.documents = maxDocuments
        limits.storedBytes = maxDocumentBytes
        limits.searchPassages = searchPassages
        return limits
    }
}
