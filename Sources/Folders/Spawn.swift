import Files
import Foundation

/// Starting and ending other processes.
enum Spawn {
    #if canImport(Darwin)
        private typealias Actions = posix_spawn_file_actions_t?
        private typealias Attributes = posix_spawnattr_t?
        private static func noActions() -> Actions { nil }
        private static func noAttributes() -> Attributes { nil }
    #else
        private typealias Actions = posix_spawn_file_actions_t
        private typealias Attributes = posix_spawnattr_t
        private static func noActions() -> Actions { posix_spawn_file_actions_t() }
        private static func noAttributes() -> Attributes { posix_spawnattr_t() }
    #endif

    /// Starts a program in a process group of its own, with nothing on its standard input.
    static func start(
        _ path: String, _ arguments: [String], output: Int32, errors: Int32
    ) throws(ChildProcess.Failure) -> pid_t {
        var actions = noActions()
        var attributes = noAttributes()
        guard posix_spawn_file_actions_init(&actions) == 0, posix_spawnattr_init(&attributes) == 0 else {
            throw .cannotStart(FileError.reason(ENOMEM))
        }
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for signal in [SIGPIPE, SIGINT, SIGTERM, SIGHUP] { sigaddset(&defaults, signal) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGDEF))
        var child: pid_t = 0
        let code = withStrings([path] + arguments) { arguments in
            withStrings(environment) { posix_spawn(&child, path, &actions, &attributes, arguments, $0) }
        }
        guard code == 0 else { throw .cannotStart(FileError.reason(code)) }
        return child
    }

    /// The exit code of a process that has ended, which is then forgotten; 128 and the number of the signal that ended
    /// it; nil while it runs.
    static func status(of child: pid_t) -> Int32? {
        var status: Int32 = 0
        let result = waitpid(child, &status, WNOHANG)
        if result == 0 || (result < 0 && errno == EINTR) { return nil }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    /// Ends a process and its group.
    static func end(_ child: pid_t) {
        kill(-child, SIGKILL)
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
    }

    /// Nothing of this process's environment that could hold a secret.
    private static var environment: [String] {
        let inherited = ProcessInfo.processInfo.environment
        return ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH"].compactMap { name in
            inherited[name].map { "\(name)=\($0)" }
        } + ["LC_ALL=C.UTF-8"]
    }

    private static func withStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }
}
