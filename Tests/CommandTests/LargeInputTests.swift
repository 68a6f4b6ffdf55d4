import Foundation
import StrictJSON
import Testing
import Workshop

/// `Tools/extremes.py` does the same at 2 GB.
@Suite("Large datasets", .enabled(if: Tool.showsPeak, "no /proc/self/status"))
struct LargeInputTests {
    /// 27 KB.
    private static let context = "ada lives in rome." + String(repeating: " the town is old.", count: 1_600)

    /// Writes a file of so many paragraphs, one after the other.
    private func write(
        _ path: String, _ paragraphs: Int, begin: String, end: String, paragraph: (_ number: Int) -> String
    ) throws {
        try Data(begin.utf8).write(to: URL(fileURLWithPath: path))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        defer { try? file.close() }
        try file.seekToEnd()
        for number in 0..<paragraphs { try file.write(contentsOf: Data(paragraph(number).utf8)) }
        try file.write(contentsOf: Data(end.utf8))
    }

    private func writeDocument(_ path: String, _ paragraphs: Int) throws {
        let begin = #"{"version": "1.1", "data": [{"title": "t", "paragraphs": ["#
        try write(path, paragraphs, begin: begin, end: "]}]}") { number in
            (number == 0 ? "" : ",") + #"{"context": "\#(Self.context) \#(number)", "qas": ["#
                + #"{"id": "\#(number)", "question": "who?", "answers": [{"text": "ada", "answer_start": 0}]}]}"#
        }
    }

    /// Its answers have no offset and other capitals.
    private func writeTable(_ path: String, _ paragraphs: Int) throws {
        try write(path, paragraphs, begin: "id,context,question,answer\n", end: "") { number in
            "\(number),\(Self.context) \(number),who?,Ada\n"
        }
    }

    /// Runs a command on a file to its end: the most memory that it had besides the pages of files, in bytes, and what
    /// it printed. Libraries' pages are not the command's doing, and those of the file are looked at by themselves.
    private func run(_ arguments: [String], on data: String, in folder: String) throws -> (most: Int, json: JSONValue) {
        // Not through the pipe, which nobody empties meanwhile.
        let out = "\(folder)/out"
        let running = try Tool.start(arguments + ["--data", data, "--json"], shell: "exec > '\(out)'")
        var (most, mapped) = (0, 0)
        while let now = running.anonymous {
            most = max(most, now)
            mapped = max(mapped, running.resident(of: data) ?? 0)
            Thread.sleep(forTimeInterval: 0.002)
        }
        let output = try running.finish()
        #expect(output.status == 0, "\(output.err)")
        #expect(most > 10 << 20, "too little to be true: \(most)")
        // What was walked through is given back.
        #expect(mapped > 0 && mapped < 32 << 20, "\(mapped) bytes of the file at once")
        return (most, try JSONValue.parse(Array(Data(contentsOf: URL(fileURLWithPath: out)))))
    }

    @Test(
        "are walked through in memory that does not grow with them", arguments: ["check", "lengths", "convert"])
    func walked(command: String) throws {
        try withWorkshop { shop in
            let (data, many, few) = ("\(shop.path)/data", 5_000, 500)
            let more = [
                "check": [], "lengths": ["--model", "\(shop.path)/model", "--max-lengths", "32"],
                "convert": ["--repair", "--output", "\(shop.path)/converted"],
            ]
            let most = try [few, many].map { paragraphs in
                try command == "convert" ? writeTable(data, paragraphs) : writeDocument(data, paragraphs)
                let (most, json) = try run([command] + (more[command] ?? []), on: data, in: shop.path)
                #expect((json["questions"] ?? json["rows"])?.int == paragraphs)
                return most
            }
            #expect(most[1] - most[0] < (many - few) * Self.context.utf8.count / 4, "\(most)")
        }
    }
}
