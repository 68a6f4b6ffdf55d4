import Files
import Foundation

/// Reads the files of a folder as texts.
package struct FolderReader: Sendable {
    /// What a file may take.
    package struct Limits: Sendable, Hashable {
        /// Bytes of a text, and of a page.
        package var textBytes = 64_000_000
        /// Bytes of a file that another program reads.
        package var documentBytes = 1_000_000_000
        /// Seconds that such a program may take for one file.
        package var seconds = 120

        /// The defaults.
        package init() {}
    }

    private let folder: String
    private let limits: Limits
    private let converters: Converters

    /// - Parameters:
    ///   - folder: the folder that the files' paths begin at.
    ///   - searchPath: the folders, with colons between them, where `pdftotext` and `pandoc` are looked for.
    package init(folder: String, limits: Limits = Limits(), searchPath: String?) {
        (self.folder, self.limits) = (folder, limits)
        converters = Converters(searchPath: searchPath, limits: limits)
    }

    /// A number that changes when the contents of a file do, or what is made of them.
    ///
    /// - Throws: `FileProblem` for a file that cannot be read.
    package func digest(_ file: FolderFile) throws(FileProblem) -> String {
        var digest = Digest.sha256()
        Array("\(file.kind.rawValue) \(TextFileKind.version) ".utf8).withUnsafeBytes { digest.update($0) }
        try forEachPiece(of: file, limit: limit(of: file.kind)) { digest.update($0) }
        return digest.finalize().hexadecimal
    }

    /// The text of a file.
    ///
    /// - Parameter isCancelled: asked now and then while another program reads it.
    /// - Throws: `FileProblem` for a file that cannot be read or has no text.
    package func read(_ file: FolderFile, isCancelled: () -> Bool = { false }) throws(FileProblem) -> FileText {
        let result = try text(of: file, isCancelled: isCancelled)
        guard result.text.unicodeScalars.contains(where: { !$0.properties.isWhitespace && $0.value >= 0x20 }) else {
            throw problem(
                file,
                file.kind == .pdf
                    ? "the PDF has no text: its pages may be scanned pictures, which need text recognition (OCR) first"
                    : "has no text")
        }
        return result
    }

    private func text(of file: FolderFile, isCancelled: () -> Bool) throws(FileProblem) -> FileText {
        switch file.kind {
        case .plain: return FileText(text: try plain(file), title: nil)
        case .markdown:
            let text = try plain(file)
            return FileText(text: text, title: MarkdownTitle.find(in: text))
        case .html:
            let (text, title) = HTMLPage.read(try decoded(file) { HTMLEncoding.declared($0)?($0) })
            return FileText(text: text, title: title)
        case .pdf, .docx:
            do {
                let text = try converters.text("\(folder)/\(file.path)", kind: file.kind, isCancelled: isCancelled)
                return FileText(text: text, title: nil)
            } catch { throw problem(file, error.reason) }
        }
    }

    private func plain(_ file: FolderFile) throws(FileProblem) -> String { try decoded(file) { _ in nil } }

    private func decoded(_ file: FolderFile, _ fallback: ([UInt8]) -> String?) throws(FileProblem) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(max(file.size, 0), limits.textBytes))
        try forEachPiece(of: file, limit: limits.textBytes) { bytes += $0 }
        switch TextDecoding.text(bytes, fallback: fallback) {
        case .success(let text): return text
        case .failure(let reason): throw problem(file, reason.text)
        }
    }

    private func limit(of kind: TextFileKind) -> Int {
        kind == .pdf || kind == .docx ? limits.documentBytes : limits.textBytes
    }

    /// Reads a file, as it is now, a piece at a time.
    private func forEachPiece(
        of file: FolderFile, limit: Int, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(FileProblem) {
        // Opening a named pipe would otherwise wait for a writer; regular files don't care.
        let descriptor = open("\(folder)/\(file.path)", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw problem(file, FileError.reason(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw problem(file, "is not a regular file")
        }
        let tooLong = problem(file, "has more than \(limit) bytes, the most that are read")
        guard status.st_size <= limit else { throw tooLong }
        // A file may grow while it is read.
        var rest = limit
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = systemRead(descriptor, buffer)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw problem(file, FileError.reason(errno)) }
            if count == 0 { return }
            rest -= count
            guard rest >= 0 else { throw tooLong }
            body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    private func problem(_ file: FolderFile, _ reason: String) -> FileProblem {
        FileProblem(path: file.path, reason: reason)
    }
}

/// `read(2)`, under a name that a method called `read` doesn't hide.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
    read(descriptor, buffer.baseAddress, buffer.count)
}
