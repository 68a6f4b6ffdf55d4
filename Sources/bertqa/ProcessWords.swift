import Foundation

/// The words that this process was started with.
enum ProcessWords {
    /// Why nothing can be done with them; nil if they are fine.
    static func fault() -> String? {
        // Swift reads other bytes as U+FFFD, which would name another file.
        for (number, argument) in zip(0..., CommandLine.arguments) where argument.contains("\u{FFFD}") {
            guard let bytes = CommandLine.unsafeArgv[number], String(validatingCString: bytes) == nil else { continue }
            return "argument \(number), \(argument), is not UTF-8; rename the file, or give a link to it"
        }
        return nil
    }
}
