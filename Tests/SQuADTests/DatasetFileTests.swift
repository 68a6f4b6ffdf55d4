import Foundation
import Scratch
import SQuAD
import Testing

@Suite("Where datasets come from")
struct DatasetFileTests {
    private static let fixtures = Bundle.module.bundleURL.appendingPathComponent("Fixtures/rows")

    @Test(
        "a named pipe is read once and can be walked through again and again",
        arguments: ["lines.jsonl", "lines.jsonl.gz"])
    func pipe(file: String) throws {
        let data = try Data(contentsOf: Self.fixtures.appendingPathComponent(file))
        let expected = try Dataset(path: Self.fixtures.appendingPathComponent("squad.json").path)
        try withTemporaryFolder { folder in
            let path = folder.path + "/pipe"
            try #require(mkfifo(path, 0o600) == 0)
            let writer = Thread {
                guard let file = FileHandle(forWritingAtPath: path) else { return }
                try? file.write(contentsOf: data)
                try? file.close()
            }
            writer.start()
            #expect(try DatasetExtent(path: path).questions == 5)
            #expect(try Dataset(path: path).articles == expected.articles)
            var stream = try ParagraphStream(path: path)
            #expect(try stream.next() != nil)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["pipe"])
        }
    }

    @Test("a compressed file that changes is read anew; one that is cut off or corrupt is refused")
    func compressed() throws {
        let whole = try Data(contentsOf: Self.fixtures.appendingPathComponent("lines.jsonl.gz"))
        try withTemporaryFolder { folder in
            let path = folder.path + "/data.gz"
            let url = URL(fileURLWithPath: path)
            try whole.write(to: url)
            #expect(try Dataset(path: path).questionCount == 5)
            // Members one after another are one file.
            try (whole + whole).write(to: url)
            #expect(try Dataset(path: path).questionCount == 10)
            for count in [3, whole.count / 2, whole.count - 4] {
                try whole.prefix(count).write(to: url)
                let error = #expect(throws: DatasetError.self) { try Dataset(path: path) }
                #expect(error?.description.hasPrefix("\(path): ") == true, "\(error.map { "\($0)" } ?? "")")
            }
            var damaged = whole
            damaged[whole.count / 2] ^= 0xFF
            try damaged.write(to: url)
            #expect(throws: DatasetError.self) { try Dataset(path: path) }
        }
    }

    @Test(
        "files of other kinds are named for what they are",
        arguments: [
            (Array("PAR1....".utf8), "Parquet"), (Array("ARROW1..".utf8), "Arrow"), ([0x50, 0x4B, 3, 4, 0], "ZIP"),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "xz"), (Array("BZh9".utf8), "bzip2"),
            ([0x28, 0xB5, 0x2F, 0xFD], "zstd"),
            ([0xFF, 0xFE, 0x7B, 0], "UTF-16"),
        ])
    func foreign(bytes: [UInt8], word: String) throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/data"
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: DatasetError.self) { try Dataset(path: path) }
            #expect(error?.message.contains(word) == true, "\(error.map { "\($0)" } ?? "")")
        }
    }
}
