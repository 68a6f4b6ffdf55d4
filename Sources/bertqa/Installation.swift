import Foundation

/// Files that an installed BertQA has beside its program; `Tools/install/tree.sh` puts them there.
enum Installation {
    /// The folder of the running program, links resolved.
    static let folder = (Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0]))
        .resolvingSymlinksInPath().deletingLastPathComponent().path

    /// The folder with the sample data; nil for a program that was built and not installed.
    static var sample: String? {
        let path = "\(folder)/sample"
        return FileManager.default.fileExists(atPath: "\(path)/train.json") ? path : nil
    }

    /// The commit that the program was built from; nil if it was not recorded.
    static var commit: String? {
        let text = try? String(contentsOfFile: "\(folder)/commit", encoding: .utf8)
        return text.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
