import Foundation
import Synchronization

/// An executor with a thread of its own, for an actor that computes for long stretches.
///
/// A forward pass would otherwise hold one of the few threads that all tasks of the process share. libtorch also keeps
/// a team of worker threads for each thread that calls it: with one caller there is one team.
final class ModelThread: SerialExecutor {
    private let queue = Queue()

    /// Starts the thread.
    init() {
        let queue = queue
        let thread = Thread { queue.run() }
        thread.name = "bertqa-model"
        // The default of secondary threads, 512 KiB on some systems, is little for libtorch.
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Ends the thread once it has done what is waiting.
    deinit {
        queue.close()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        queue.add(UnownedJob(job), on: self)
    }

    /// What waits for the thread. It outlives the executor, which may be released by the last job.
    private final class Queue: Sendable {
        private struct Waiting: ~Copyable {
            var jobs: [(job: UnownedJob, executor: ModelThread)] = []
            var isClosed = false
        }

        private let waiting = Mutex(Waiting())
        private let signal = DispatchSemaphore(value: 0)

        func add(_ job: UnownedJob, on executor: ModelThread) {
            waiting.withLock { $0.jobs.append((job, executor)) }
            signal.signal()
        }

        func close() {
            waiting.withLock { $0.isClosed = true }
            signal.signal()
        }

        /// Runs jobs in the order they came until the queue is closed.
        func run() {
            while true {
                signal.wait()
                let (next, isClosed) = waiting.withLock { state in
                    (state.jobs.isEmpty ? nil : state.jobs.removeFirst(), state.isClosed)
                }
                if let next {
                    next.job.runSynchronously(on: next.executor.asUnownedSerialExecutor())
                } else if isClosed {
                    return
                }
            }
        }
    }
}
