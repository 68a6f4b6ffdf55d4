import Files
import Foundation

/// A pipe that another process writes into. Both ends are closed with the object.
final class OutputPipe {
    private(set) var writingEnd: Int32
    private var readingEnd: Int32
    private let limit: Int
    /// What was read, up to the limit.
    private(set) var bytes: [UInt8] = []
    /// Whether there was more than the limit, which is dropped.
    private(set) var isOverLimit = false

    /// Whether somebody may still write.
    var isOpen: Bool { readingEnd >= 0 }

    init(limit: Int) throws(ChildProcess.Failure) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .cannotStart(FileError.reason(errno)) }
        (readingEnd, writingEnd, self.limit) = (ends[0], ends[1], limit)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(readingEnd, F_SETFL, O_NONBLOCK)
    }

    deinit {
        for end in [readingEnd, writingEnd] where end >= 0 { close(end) }
    }

    /// Closes this process's copy of the end that the other process has got.
    func closeWritingEnd() {
        close(writingEnd)
        writingEnd = -1
    }

    /// Waits until one of the pipes has something, or the time is over.
    static func wait(for pipes: [OutputPipe], milliseconds: Int32) {
        var ends = pipes.filter(\.isOpen).map { pollfd(fd: $0.readingEnd, events: Int16(POLLIN), revents: 0) }
        poll(&ends, nfds_t(ends.count), milliseconds)
    }

    /// Takes what there is.
    func take() {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while isOpen {
            let count = read(readingEnd, &buffer, buffer.count)
            if count > 0 {
                let room = limit - bytes.count
                bytes += buffer[..<min(count, room)]
                if count > room { isOverLimit = true }
                // A program that writes without end must not keep this loop from looking at the clock.
                if isOverLimit { return }
            } else if count < 0, errno == EAGAIN || errno == EINTR {
                return
            } else {
                close(readingEnd)
                readingEnd = -1
            }
        }
    }
}
