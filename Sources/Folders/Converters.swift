import Foundation

/// The programs that read what this one cannot.
struct Converters: Sendable {
    /// Why there is no text.
    struct Reason: Error {
        let reason: String
    }

    private let programs: [TextFileKind: String]
    private let limits: FolderReader.Limits

    init(searchPath: String?, limits: FolderReader.Limits) {
        self.limits = limits
        var programs: [TextFileKind: String] = [:]
        for kind in [TextFileKind.pdf, .docx] {
            programs[kind] = ChildProcess.find(Self.name(kind), in: searchPath)
        }
        self.programs = programs
    }

    /// The text of a file.
    ///
    /// - Parameter path: the file; never read as an option, since it begins with `/`.
    func text(_ path: String, kind: TextFileKind, isCancelled: () -> Bool) throws(Reason) -> String {
        let name = Self.name(kind)
        guard let program = programs[kind] else {
            throw Reason(reason: "\(name) is not installed, which reads it (Debian: \(Self.package(kind)))")
        }
        let process = ChildProcess(
            path: program, arguments: Self.arguments(kind, URL(fileURLWithPath: path).path), seconds: limits.seconds,
            outputLimit: limits.textBytes)
        let output: ChildProcess.Output
        do { output = try process.run(isCancelled: isCancelled) } catch {
            throw Reason(reason: "\(name) \(Self.reason(error))")
        }
        guard output.status == 0 else { throw Reason(reason: Self.failure(name, output)) }
        guard let text = String(validating: output.bytes, as: UTF8.self) else {
            throw Reason(reason: "\(name) wrote something that is not UTF-8")
        }
        // A PDF's pages end with form feeds.
        return text.replacingOccurrences(of: "\u{C}", with: "\n\n")
    }

    private static func name(_ kind: TextFileKind) -> String { kind == .pdf ? "pdftotext" : "pandoc" }

    private static func package(_ kind: TextFileKind) -> String { kind == .pdf ? "poppler-utils" : "pandoc" }

    private static func arguments(_ kind: TextFileKind, _ path: String) -> [String] {
        if kind == .pdf { return ["-enc", "UTF-8", path, "-"] }
        // It opens no other file, and its heap is limited: a document can be made to need any amount.
        return ["+RTS", "-M1G", "-RTS", "--sandbox", "--from", "docx", "--to", "plain", "--wrap", "none", path]
    }

    private static func reason(_ failure: ChildProcess.Failure) -> String {
        switch failure {
        case .cannotStart(let reason): "cannot be started: \(reason)"
        case .tooSlow(let seconds): "took more than \(seconds) seconds and was ended"
        case .tooMuch(let bytes): "made more than \(bytes) bytes of text of it, the most that are read"
        case .cancelled: "was interrupted"
        }
    }

    private static func failure(_ name: String, _ output: ChildProcess.Output) -> String {
        let lines = output.errors.split { $0.isNewline }
        let words = lines.last.map { ": " + FileProblem.visible($0.prefix(200)) } ?? ""
        return output.status > 128
            ? "\(name) was ended by signal \(output.status - 128)\(words)"
            : "\(name) cannot read it\(words)"
    }
}
