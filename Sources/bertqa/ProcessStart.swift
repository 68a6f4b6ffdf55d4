import Foundation

/// What this process was started with.
enum ProcessStart {
    /// Why nothing can be done with it; nil if it is fine.
    static func fault() -> String? {
        // libtorch's mathematical library would end the process with words of its own.
        let folder = getcwd(nil, 0)
        if folder == nil, errno == ENOENT {
            return "the folder that this program was started in no longer exists; change to another one"
        }
        free(folder)
        return badArgument()
    }

    /// Swift reads other bytes as U+FFFD, which would name another file.
    private static func badArgument() -> String? {
        for (number, argument) in zip(0..., CommandLine.arguments) where argument.contains("\u{FFFD}") {
            guard let bytes = CommandLine.unsafeArgv[number], String(validatingCString: bytes) == nil else { continue }
            return "argument \(number), \(argument), is not UTF-8; rename the file, or give a link to it"
        }
        return nil
    }
}
