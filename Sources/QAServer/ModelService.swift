import Logging
import QuestionAnswering
import Retrieval
import ServiceLifecycle

/// Loads the model and lets it read a first question, so that the first client does not wait for what is compiled then.
struct ModelService: Service {
    let load: @Sendable () async throws -> Reader
    let encoder: PassageEncoder?
    let store: (any DocumentStore)?
    let slot: ModelSlot
    let limits: ServerLimits
    let metrics: ServerMetrics
    let logger: Logger

    func run() async throws {
        let start = ContinuousClock.now
        let reader = try await load()
        _ = try await reader.answer("Is it ready?", in: "It is ready.")
        let batcher = Batcher(
            reader: reader, tokenBudget: limits.batchTokens, waitingTokens: limits.waitingTokens,
            delay: limits.batchDelay, metrics: metrics)
        let encoder = try await loadEncoder()
        slot.fill(ModelSlot.Loaded(reader: reader, batcher: batcher, encoder: encoder))
        logger.info("ready", metadata: ["seconds": "\(start.duration(to: .now).inSeconds)"])
        do { try await gracefulShutdown() } catch is CancellationError {
            logger.debug("cancelled")
        }
        // The process must not end while the model computes: libtorch's threads would find its memory gone.
        await batcher.finish()
    }

    /// Loads the encoder, and makes the vectors of passages that were stored without one.
    private func loadEncoder() async throws -> TextEncoder? {
        guard let options = encoder else { return nil }
        let encoder = try await TextEncoder.load(
            options.folder, precision: options.precision, device: options.device)
        guard let store else { return encoder }
        var (last, count) = (Int64(0), 0)
        while true {
            let passages = try await store.passagesWithoutVector(after: last, limit: Self.passagesAtOnce)
            guard let end = passages.last else { break }
            let vectors = try await encoder.vectors(of: passages.map(\.text))
            try await store.setVectors(Array(zip(passages, vectors)).map { (passage: $0, vector: $1) })
            (last, count) = (end.number, count + passages.count)
            if count.isMultiple(of: Self.passagesAtOnce) {
                logger.info("making vectors of stored passages", metadata: ["passages": "\(count)"])
            }
        }
        if count > 0 { logger.info("made vectors of stored passages", metadata: ["passages": "\(count)"]) }
        return encoder
    }

    private static let passagesAtOnce = 1024
}
