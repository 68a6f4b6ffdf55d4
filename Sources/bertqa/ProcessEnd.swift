import Foundation

/// How this process ends.
enum ProcessEnd {
    /// Makes `exit` flush the standard streams and end the process at once, without the libraries' destructors.
    ///
    /// libtorch's unregister each of its operators and free what that needs, which takes 0.1 s of every command
    /// (docs/decisions/0045-the-start-of-the-program.md). Nothing else here waits for the end of the process: files are
    /// closed and synced where they are written.
    static func skipDestructors() {
        #if canImport(Glibc)
            // Registered last, it runs first. - Source: on_exit(3).
            on_exit(
                { status, _ in
                    fflush(nil)
                    _exit(status)
                }, nil)
        #endif
    }
}
