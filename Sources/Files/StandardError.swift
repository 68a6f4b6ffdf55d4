import Foundation
import Synchronization

/// This process's standard error. What cannot be written there is dropped: a reader that has gone is no reason to end
/// the program, as `FileHandle.write(_:)` would.
package enum StandardError {
    /// Writes a text as it is.
    package static func write(_ text: String) {
        var text = text
        text.withUTF8 { _ = System.write(UnsafeRawBufferPointer($0), to: STDERR_FILENO) }
    }

    private static let warned = Mutex<Set<String>>([])

    /// Writes a warning, unless one of this topic was written before.
    package static func warnOnce(_ topic: String, _ message: String) {
        guard warned.withLock({ $0.insert(topic).inserted }) else { return }
        write("warning: \(message)\n")
    }
}
