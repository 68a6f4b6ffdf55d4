import QuestionAnswering
import Synchronization

/// Texts of documents as the model reads them, tokenised once: those that were used last, up to a number of bytes.
final class TextCache: Sendable {
    private struct Entry {
        let text: PreparedText
        var used: Int
    }

    private struct State {
        var entries: [Int64: Entry] = [:]
        var bytes = 0
        var clock = 0

        mutating func remove(_ revision: Int64) {
            if let entry = entries.removeValue(forKey: revision) { bytes -= entry.text.byteCount }
        }
    }

    private let state = Mutex(State())
    private let byteLimit: Int

    /// - Parameter byteLimit: see `PreparedText.byteCount`.
    init(byteLimit: Int = 128_000_000) {
        self.byteLimit = byteLimit
    }

    /// Bytes of the texts that are kept.
    var byteCount: Int { state.withLock { $0.bytes } }

    /// The text of a revision, if it is kept.
    func text(_ revision: Int64) -> PreparedText? {
        state.withLock { state in
            state.clock += 1
            state.entries[revision]?.used = state.clock
            return state.entries[revision]?.text
        }
    }

    /// Keeps a text, unless it is larger than all texts may be.
    func insert(_ text: PreparedText, revision: Int64) {
        state.withLock { state in
            guard text.byteCount <= byteLimit, state.entries[revision] == nil else { return }
            state.clock += 1
            state.entries[revision] = Entry(text: text, used: state.clock)
            state.bytes += text.byteCount
            while state.bytes > byteLimit, let oldest = state.entries.min(by: { $0.value.used < $1.value.used }) {
                state.remove(oldest.key)
            }
        }
    }

    /// Forgets a text that was replaced or deleted.
    func remove(_ revision: Int64) { state.withLock { $0.remove(revision) } }
}
