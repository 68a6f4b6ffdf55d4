import Foundation
import Scratch
import StrictJSON
import Testing
import Workshop

@Suite("Index")
struct IndexTests {
    @Test("a folder becomes documents; what is left out is named, counted and told by the exit code")
    func index() throws {
        let folder = try TemporaryDirectory()
        let notes = "\(folder.path)/my notes"
        let database = "\(folder.path)/documents.sqlite"
        try FileManager.default.createDirectory(atPath: "\(notes)/sub", withIntermediateDirectories: true)
        try write("Ada lives in Rome.", to: "\(notes)/a.txt")
        try write("<p>Bob lives in Oslo.", to: "\(notes)/sub/b.html")
        let arguments = ["index", notes, "--database", database]
        let first = try Tool.run(arguments + ["--metadata", "team=a=b", "--json"])
        #expect(first.status == 0, "\(first.err)")
        #expect(try first.json()["added"]?.int == 2 && first.json()["collection"]?.string == "my notes")
        try write([0x61, 0xE9], to: "\(notes)/latin.txt")
        let second = try Tool.run(arguments)
        #expect(second.status == 65 && second.out.contains("2 as before"), "\(second.out)")
        #expect(second.out.contains("1 file left out") && second.err.contains("left out: latin.txt: is not UTF-8"))
        let json = try Tool.run(arguments + ["--json"])
        #expect(try json.json()["left_out"]?.array?.first?["path"]?.string == "latin.txt")
        // Another folder of this name does not take the place of the first, unless that is gone.
        let other = "\(folder.path)/other/my notes"
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        try write("Cleo lives in Lima.", to: "\(other)/c.txt")
        try Tool.run(["index", other, "--database", database]).expectFailure(65, notes, "--collection")
        let named = try Tool.run(["index", other, "--database", database, "--collection", "others"])
        #expect(named.status == 0, "\(named.err)")
        try FileManager.default.removeItem(atPath: notes)
        let moved = try Tool.run(["index", other, "--database", database])
        #expect(moved.status == 0 && moved.out.contains("2 removed"), "\(moved.out)\(moved.err)")
    }

    @Test("wrong options and places are refused, and no password is shown")
    func refusals() throws {
        let folder = try TemporaryDirectory()
        try write("text", to: "\(folder.path)/a.txt")
        let database = ["--database", "\(folder.path)/documents.sqlite"]
        try Tool.run(["index", "\(folder.path)/nothing"] + database).expectFailure(66, "nothing")
        try Tool.run(["index", "\(folder.path)/a.txt"] + database).expectFailure(74, "not a folder")
        try Tool.run(["index", folder.path, "--database", "none"]).expectFailure(64, "keeps nothing")
        try Tool.run(["index", folder.path, "--metadata", "x"] + database).expectFailure(64, "name=value")
        try Tool.run(["index", folder.path, "--metadata", "x=1", "--metadata", "x=2"] + database)
            .expectFailure(64, "twice")
        try Tool.run(["index", folder.path, "--metadata", "kind=1"] + database).expectFailure(64, "kind")
        try Tool.run(["index", folder.path, "--collection", ".."] + database).expectFailure(64, "--collection")
        try Tool.run(["index", folder.path, "--max-file-bytes", "0"] + database).expectFailure(64, "--max-file-bytes")
        try Tool.run(["index", folder.path, "--database", "\(folder.path)/nowhere/x.sqlite"]).expectFailure(
            74, "nowhere")
        try Tool.run(["index", folder.path, "--language", "xx"] + database).expectFailure(64, "--language")
        for url in ["postgresql://ada:se@cret@h/db", "postgresql:ada:secret"] {
            let refused = try Tool.run(["index", folder.path, "--database", url])
            refused.expectFailure(64, "--database")
            #expect(!refused.err.contains("cret"), "\(refused.err)")
        }
        let nowhere = try Tool.run(["index", folder.path, "--database", "postgresql://ada:secret@127.0.0.1:1/db"])
        nowhere.expectFailure(74, "postgresql://ada@127.0.0.1:1/db")
        #expect(!nowhere.err.contains("secret"), "\(nowhere.err)")
    }

    @Test("ask --documents finds the answer among the texts of a folder, and reads only what has changed")
    func ask() throws {
        let shop = try Workshop()
        let folder = try TemporaryDirectory()
        let notes = "\(folder.path)/notes"
        try FileManager.default.createDirectory(atPath: notes, withIntermediateDirectories: true)
        try write("ada lives in the town of rome.", to: "\(notes)/a.txt")
        try write("bob lives in the town of oslo.", to: "\(notes)/b.txt")
        let cache = "export XDG_CACHE_HOME='\(folder.path)/cache'"
        let ask = [
            "ask", "--model", "\(shop.path)/model", "--max-length", "48", "--question", "where does bob live?",
            "--documents", notes,
        ]
        let first = try Tool.run(ask + ["--json"], shell: cache)
        #expect(first.status == 0, "\(first.err)")
        let answer = try first.json()
        let document = try #require(answer["document"]?.string)
        #expect(document == "notes/a.txt" || document == "notes/b.txt")
        let text = Array(
            (document == "notes/a.txt" ? "ada lives in the town of rome." : "bob lives in the town of oslo.")
                .unicodeScalars)
        let (start, end) = (try #require(answer["start"]?.int), try #require(answer["end"]?.int))
        #expect(String(String.UnicodeScalarView(text[start..<end])) == answer["answer"]?.string)
        #expect(try folder.names("cache/bertqa/folders").contains { $0.hasSuffix(".sqlite") })
        let plain = try Tool.run(ask + ["--top-k", "2"], shell: cache)
        #expect(plain.status == 0 && plain.out.contains("notes/"), "\(plain.out)\(plain.err)")
        try Tool.run(ask + ["--context", "x"], shell: cache).expectFailure(64, "--documents")
        try Tool.run(
            ["ask", "--model", "\(shop.path)/model", "--question", "zzz", "--documents", notes, "--max-length", "48"],
            shell: cache
        ).expectFailure(65, "no text has a word")
        try FileManager.default.removeItem(atPath: shop.path)
    }
}
