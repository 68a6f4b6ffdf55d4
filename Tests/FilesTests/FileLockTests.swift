import Files
import Foundation
import Scratch
import Synchronization
import Testing

@Suite("Locks between processes")
struct FileLockTests {
    @Test("One holds a lock, another gets it when the first one ends")
    func exclusive() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("lock").path
            var first = try FileLock(path: path)
            #expect(first != nil)
            #expect(try FileLock(path: path) == nil)
            withExtendedLifetime(first) {}
            first = nil
            #expect(try FileLock(path: path) != nil)
        }
    }

    @Test("Waiting for a lock ends when it is released")
    func waiting() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("bertqa-\(UUID().uuidString)").path
        defer { unlink(path) }
        let held = Mutex(try FileLock(path: path))
        let waiter = Task { try await FileLock.waiting(path: path) }
        try await Task.sleep(for: .milliseconds(150))
        held.withLock { $0 = nil }
        #expect(try await waiter.value.isInPlace)
    }

    @Test("A lock whose file was removed or replaced is no longer in place")
    func replaced() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("lock").path
            let lock = try #require(try FileLock(path: path))
            #expect(lock.isInPlace)
            unlink(path)
            #expect(!lock.isInPlace)
            // What holds a file that is gone keeps nobody out.
            let next = try #require(try FileLock(path: path))
            #expect(next.isInPlace && !lock.isInPlace)
        }
    }

    @Test("A link in a lock's place is refused, and what it leads to is not made")
    func planted() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("lock").path
            let target = folder.appendingPathComponent("target").path
            try #require(symlink(target, path) == 0)
            let error = #expect(throws: FileError.self) { try FileLock(path: path) }
            #expect(error?.message.contains("symbolic link") == true)
            #expect(try FileKind(path: target) == .missing)
        }
    }

    @Test("A refused lock closes its own file and no other")
    func descriptors() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("lock").path
            let first = try #require(try FileLock(path: path))
            try withExtendedLifetime(first) {
                let done = Mutex(false)
                // A number closed twice would be taken from the file that another thread opened between the two.
                Thread.detachNewThread {
                    for _ in 0..<20_000 { _ = try? FileLock(path: path) }
                    done.withLock { $0 = true }
                }
                var lost = 0
                while !done.withLock({ $0 }) {
                    let descriptor = open("/dev/null", O_RDONLY)
                    try #require(descriptor >= 0)
                    if close(descriptor) != 0 { lost += 1 }
                }
                #expect(lost == 0)
            }
        }
    }

    @Test("A folder that is not there is an error of its own")
    func missing() {
        let error = #expect(throws: FileError.self) { try FileLock(path: "/does/not/exist/.lock") }
        #expect(error?.isMissing == true)
    }
}
