import Folders
import Foundation
import Scratch
import Testing

@Suite("Texts of files")
struct FolderReaderTests {
    private static let path = ProcessInfo.processInfo.environment["PATH"]

    /// Reads one file of a folder of its own.
    private func text(
        _ name: String, _ bytes: [UInt8], limits: FolderReader.Limits = FolderReader.Limits(),
        searchPath: String? = path
    ) throws -> FileText {
        try withTemporaryDirectory { folder in
            try write(bytes, to: "\(folder)/\(name)")
            let file = try #require(try FolderListing(folder: folder).files.first)
            return try FolderReader(folder: folder, limits: limits, searchPath: searchPath).read(file)
        }
    }

    private func problem(
        _ name: String, _ bytes: [UInt8], limits: FolderReader.Limits = FolderReader.Limits(),
        searchPath: String? = path
    ) -> String? {
        do {
            return "no problem: \(try text(name, bytes, limits: limits, searchPath: searchPath))"
        } catch { return "\(error)" }
    }

    @Test("UTF-8 and UTF-16 with their marks, and pages in the encoding that they declare, are read")
    func encodings() throws {
        #expect(try text("a.txt", Array("né".utf8)).text == "né")
        #expect(try text("a.txt", [0xEF, 0xBB, 0xBF] + Array("né".utf8)).text == "né")
        #expect(try text("a.txt", [0xFF, 0xFE, 0x6E, 0, 0xE9, 0]).text == "né")
        #expect(try text("a.txt", [0xFE, 0xFF, 0, 0x6E, 0, 0xE9]).text == "né")
        let page = Array("<meta charset=\"ISO-8859-1\"><title>n".utf8) + [0xE9] + Array("</title>\u{20}".utf8) + [0x80]
        #expect(try text("a.html", page) == FileText(text: "€", title: "né"))
    }

    @Test("a Markdown file keeps its text and has the title of its first heading")
    func markdown() throws {
        let titled = "intro\n```\n# not this\n```\n#  The *title* ##\n# another"
        #expect(try text("a.md", Array(titled.utf8)) == FileText(text: titled, title: "The *title*"))
        #expect(try text("a.md", Array("Old\nstyle\n=====\nx".utf8)).title == "style")
        #expect(try text("a.md", Array("## second\ntext".utf8)).title == nil)
    }

    @Test(
        "what is no text is named with what is wrong",
        arguments: [
            ("a.txt", [0x61, 0xE9, 0x62] as [UInt8], "not UTF-8 from byte 1"),
            ("a.txt", [0x61, 0, 0x62], "zero bytes"),
            ("a.txt", [], "no text"), ("a.md", Array(" \n\t".utf8), "no text"),
            ("a.html", Array("<p><!-- x -->".utf8), "no text"), ("a.txt", [0xFF, 0xFE, 0x61], "odd number"),
            ("a.txt", [0xFF, 0xFE, 0, 0xD8], "not a text"), ("a.txt", [0x89, 0x50, 0x4E, 0x47, 0, 1], "zero bytes"),
        ])
    func noText(name: String, bytes: [UInt8], word: String) throws {
        let found = try #require(problem(name, bytes))
        #expect(found.hasPrefix(name) && found.contains(word), "\(found)")
    }

    @Test("a file that is longer than the limit is not read into memory")
    func tooLong() throws {
        var limits = FolderReader.Limits()
        limits.textBytes = 10
        #expect(try text("a.txt", Array("0123456789".utf8), limits: limits).text.count == 10)
        #expect(problem("a.txt", Array("0123456789x".utf8), limits: limits)?.contains("more than 10 bytes") == true)
    }

    @Test("a name with control characters is shown with their numbers")
    func controls() {
        let problem = FileProblem(path: "a\u{1B}[31m\nb's\u{85}.txt", reason: "is not a text")
        #expect(problem.description == "a\\u{1B}[31m\\nb's\\u{0085}.txt: is not a text")
    }

    @Test("a file is known again by its contents and its kind")
    func digests() throws {
        try withTemporaryDirectory { folder in
            for (name, text) in [("a.txt", "x"), ("b.txt", "x"), ("c.txt", "y"), ("d.md", "x")] {
                try write(text, to: "\(folder)/\(name)")
            }
            let reader = FolderReader(folder: folder, searchPath: nil)
            let digests = try FolderListing(folder: folder).files.map { try reader.digest($0) }
            #expect(digests[0] == digests[1] && Set(digests).count == 3)
        }
    }

    @Test("a file that has gone, or turned into a folder, since the folder was looked at is named")
    func changed() throws {
        try withTemporaryDirectory { folder in
            try write("x", to: "\(folder)/a.txt")
            let file = try #require(try FolderListing(folder: folder).files.first)
            let reader = FolderReader(folder: folder, searchPath: nil)
            try FileManager.default.removeItem(atPath: "\(folder)/a.txt")
            #expect(throws: FileProblem.self) { try reader.read(file) }
            try FileManager.default.createDirectory(atPath: "\(folder)/a.txt", withIntermediateDirectories: false)
            #expect(throws: FileProblem.self) { try reader.read(file) }
            #expect(throws: FileProblem.self) { try reader.digest(file) }
        }
    }

    // MARK: Other programs

    private static let hasPDF = ChildProcess.find("pdftotext", in: path) != nil
    private static let hasDOCX = ChildProcess.find("pandoc", in: path) != nil

    /// A PDF of one page.
    private func pdf(_ drawing: String) -> [UInt8] {
        Array(
            """
            %PDF-1.4
            1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
            2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
            3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R
            /Resources <</Font <</F 5 0 R>>>>>> endobj
            4 0 obj <</Length \(drawing.utf8.count)>> stream
            \(drawing)
            endstream endobj
            5 0 obj <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>> endobj
            trailer <</Root 1 0 R>>
            """.utf8)
    }

    @Test("a PDF is read by pdftotext", .enabled(if: hasPDF, "pdftotext is not installed"))
    func pdfs() throws {
        let words = try text("a.pdf", pdf("BT /F 12 Tf 50 200 Td (The tower opened in 1889.) Tj ET")).text
        #expect(words.contains("The tower opened in 1889.") && !words.contains("\u{C}"))
        #expect(problem("a.pdf", pdf("0 0 100 100 re f"))?.contains("(OCR)") == true)
        #expect(problem("a.pdf", Array("no PDF".utf8))?.contains("pdftotext cannot read it") == true)
        var limits = FolderReader.Limits()
        limits.textBytes = 5
        let long = problem("a.pdf", pdf("BT /F 12 Tf 50 200 Td (The tower opened.) Tj ET"), limits: limits)
        #expect(long?.contains("more than 5 bytes of text") == true)
    }

    @Test("a DOCX file is read by pandoc", .enabled(if: hasDOCX, "pandoc is not installed"))
    func docx() throws {
        try withTemporaryDirectory { folder in
            try write("# Towers\n\nThe tower opened in *1889*.\n\n- one\n- two", to: "\(folder)/a.md")
            let program = try #require(ChildProcess.find("pandoc", in: Self.path))
            let made = try ChildProcess(
                path: program, arguments: ["-o", "\(folder)/-a.docx", "\(folder)/a.md"], seconds: 60, outputLimit: 100
            ).run()
            #expect(made.status == 0, "\(made.errors)")
            let file = try #require(try FolderListing(folder: folder).files.first { $0.kind == .docx })
            let read = try FolderReader(folder: folder, searchPath: Self.path).read(file).text
            #expect(read.contains("The tower opened in 1889.") && read.contains("two"), "\(read)")
        }
        #expect(problem("a.docx", Array("no DOCX".utf8))?.contains("pandoc cannot read it") == true)
    }

    @Test("where a program is not installed, that is what is wrong with the file", arguments: ["pdf", "docx"])
    func missing(end: String) {
        let problem = problem("a.\(end)", [1], searchPath: "/nowhere:relative")
        #expect(problem?.contains("is not installed") == true && problem?.contains("Debian") == true)
    }
}

@Suite("Other programs")
struct ChildProcessTests {
    private func run(_ script: String, seconds: Int = 60, limit: Int = 1000) throws -> ChildProcess.Output {
        try ChildProcess(
            path: "/bin/sh", arguments: ["-c", script], seconds: seconds, outputLimit: limit
        ).run()
    }

    @Test("output, errors and exit codes arrive; arguments are not looked at by a shell")
    func output() throws {
        let done = try run("echo out; echo err >&2; exit 3")
        #expect(done.bytes == Array("out\n".utf8) && done.errors == "err\n" && done.status == 3)
        #expect(try run("kill -9 $$").status == 137)
        let odd = try ChildProcess(path: "/bin/echo", arguments: ["$HOME; *"], seconds: 60, outputLimit: 100).run()
        #expect(odd.bytes == Array("$HOME; *\n".utf8))
        // Much on standard error does not hold it up.
        #expect(try run("head -c 300000 /dev/zero >&2; echo x").bytes == Array("x\n".utf8))
        #expect(try run("cat").bytes.isEmpty)
    }

    @Test("it gets nothing of the environment that could be secret")
    func environment() throws {
        setenv("BERTQA_TEST_SECRET", "secret", 1)
        #expect(try run("echo ${BERTQA_TEST_SECRET:-none}").bytes == Array("none\n".utf8))
    }

    @Test("one that takes too long or writes too much is ended with what it started, and one that is not there is said")
    func limits() throws {
        let clock = ContinuousClock()
        let time = clock.measure {
            #expect(throws: ChildProcess.Failure.tooSlow(seconds: 1)) { try run("sleep 100 & wait", seconds: 1) }
        }
        #expect(time < .seconds(30))
        #expect(throws: ChildProcess.Failure.tooMuch(bytes: 10)) { try run("yes", limit: 10) }
        #expect(throws: ChildProcess.Failure.cancelled) {
            try ChildProcess(path: "/bin/sleep", arguments: ["100"], seconds: 60, outputLimit: 1).run { true }
        }
        #expect(throws: ChildProcess.Failure.self) {
            try ChildProcess(path: "/nowhere/x", arguments: [], seconds: 1, outputLimit: 1).run()
        }
        // Closing its output does not end a program.
        #expect(throws: ChildProcess.Failure.tooSlow(seconds: 1)) {
            try run("exec >&- 2>&-; sleep 100", seconds: 1)
        }
    }
}
