import Dispatch
import Synchronization

/// What a function makes of the numbers below `count`, in their order; many numbers are shared out among all cores.
///
/// - Parameter grain: how many numbers a core takes at a time; fewer than that are done before others have woken up.
func onAllCores<Value: Sendable>(_ count: Int, grain: Int = 32, _ body: @Sendable (Int) -> Value) -> [Value] {
    guard count > grain else { return (0..<count).map(body) }
    let pieces = (count + grain - 1) / grain
    let values = Mutex([[Value]](repeating: [], count: pieces))
    DispatchQueue.concurrentPerform(iterations: pieces) { piece in
        let part = ((piece * grain)..<min((piece + 1) * grain, count)).map(body)
        values.withLock { $0[piece] = part }
    }
    return values.withLock { $0.flatMap(\.self) }
}
