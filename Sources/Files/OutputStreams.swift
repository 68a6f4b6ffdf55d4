import Foundation

/// Outputs that are written to directly, for nothing can take their place: devices, pipes, and what this process has
/// open under a name such as `/dev/stdout` or, for standard output, `-`.
package enum OutputStreams {
    /// Opens an output if it is one of these.
    static func open(_ path: String) throws(FileError) -> FileOutput? {
        if let number = descriptor(path) { return try FileOutput(path: path, duplicating: number) }
        return try FileKind(path: path).isStream ? FileOutput(stream: path) : nil
    }

    /// Whether an output is one of these.
    package static func contains(_ path: String) throws(FileError) -> Bool {
        if descriptor(path) != nil { return true }
        return try FileKind(path: path).isStream
    }

    /// Whether an output is standard output by one of its names.
    package static func isStandardOutput(_ path: String) -> Bool { descriptor(path) == STDOUT_FILENO }

    private static func descriptor(_ path: String) -> Int32? {
        switch path {
        case "-", "/dev/stdout": STDOUT_FILENO
        case "/dev/stderr": STDERR_FILENO
        default: path.hasPrefix("/dev/fd/") ? Int32(path.dropFirst("/dev/fd/".count)) : nil
        }
    }

    /// A file for work on an output: beside it, or in a folder of this process's own where it is a stream.
    package static func companion(of output: String, _ ending: String) throws(FileError) -> String {
        guard try contains(output) else { return output + ending }
        return try scratch.get() + "/output" + ending
    }

    /// Removes a companion, and the folder that was made for it.
    package static func removeCompanion(_ path: String) throws(FileError) {
        try DurableFiles.remove(path)
        if path.contains(folderPrefix), case .success(let folder) = scratch, path.hasPrefix(folder + "/") {
            rmdir(folder)
        }
    }

    private static let folderPrefix = "/bertqa-output-"

    private static let scratch: Result<String, FileError> = {
        var template = Array((NSTemporaryDirectory() + folderPrefix + "XXXXXX").utf8CString)
        guard let name = mkdtemp(&template) else {
            return .failure(FileError(path: NSTemporaryDirectory(), code: errno))
        }
        return .success(String(cString: name))
    }()
}
