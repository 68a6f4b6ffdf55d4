import QuestionAnswering
import Synchronization

/// Texts of documents as the model reads them, tokenised once: those that were used last, up to a sum of tokens.
final class TextCache: Sendable {
    private struct Entry {
        let text: PreparedText
        var used: Int
    }

    private struct State {
        var entries: [Int64: Entry] = [:]
        var tokens = 0
        var clock = 0
    }

    private let state = Mutex(State())
    private let tokenLimit: Int

    /// - Parameter tokenLimit: about 50 bytes each with their offsets and text.
    init(tokenLimit: Int = 2_000_000) {
        self.tokenLimit = tokenLimit
    }

    /// The text of a revision, made by `make` if it is not here. Two that ask at once may both make it.
    func text(_ revision: Int64, make: () async throws -> PreparedText) async throws -> PreparedText {
        if let known = touch(revision) { return known }
        let text = try await make()
        insert(text, revision: revision)
        return text
    }

    private func touch(_ revision: Int64) -> PreparedText? {
        state.withLock { state in
            state.clock += 1
            state.entries[revision]?.used = state.clock
            return state.entries[revision]?.text
        }
    }

    private func insert(_ text: PreparedText, revision: Int64) {
        state.withLock { state in
            guard text.tokenCount <= tokenLimit, state.entries[revision] == nil else { return }
            state.clock += 1
            state.entries[revision] = Entry(text: text, used: state.clock)
            state.tokens += text.tokenCount
            while state.tokens > tokenLimit,
                let oldest = state.entries.min(by: { $0.value.used < $1.value.used })
            {
                state.entries[oldest.key] = nil
                state.tokens -= oldest.value.text.tokenCount
            }
        }
    }
}
