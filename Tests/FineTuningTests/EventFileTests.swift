import FineTuning
import Foundation
import Testing

@Suite("TensorBoard's files")
struct EventFileTests {
    private let name = "events.out.tfevents.0000000000.bertqa"

    /// The records of a file: steps and lengths, read as the format says, checksums included.
    private func records(_ data: Data) throws -> [[UInt8]] {
        var bytes = Array(data)[...]
        var result: [[UInt8]] = []
        while !bytes.isEmpty {
            let number = { (slice: ArraySlice<UInt8>) in slice.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
            let masked = { (slice: ArraySlice<UInt8>) -> UInt64 in
                let checksum = CRC32C.checksum(Data(slice))
                return UInt64((checksum >> 15 | checksum << 17) &+ 0xA282_EAD8)
            }
            let header = bytes.prefix(8)
            let length = Int(number(header))
            bytes = bytes.dropFirst(8)
            #expect(number(bytes.prefix(4)) == masked(header))
            bytes = bytes.dropFirst(4)
            let message = bytes.prefix(length)
            try #require(message.count == length)
            bytes = bytes.dropFirst(length)
            #expect(number(bytes.prefix(4)) == masked(message))
            bytes = bytes.dropFirst(4)
            result.append(Array(message))
        }
        return result
    }

    @Test("the checksum is that of the standard's examples")
    func checksum() {
        // RFC 3720, B.4, and the usual check value.
        #expect(CRC32C.checksum(Data(repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum(Data(repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.checksum(Data("123456789".utf8)) == 0xE306_9283)
    }

    @Test("records are framed with their checksums, and begin with the version")
    func framing() throws {
        let directory = try TemporaryDirectory()
        let file = try EventFile(directory: directory.path, keepingUpTo: 0)
        try file.add([("loss", 0.5), ("rate", 1e-5)], step: 1)
        let records = try records(Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/\(name)")))
        #expect(records.count == 2)
        #expect(String(decoding: records[0], as: UTF8.self).hasSuffix("brain.Event:2"))
        // Behind the time: the step, then a summary with two values.
        #expect(Array(records[1][9...11]) == [0x10, 1, 0x2A])
        #expect(String(decoding: records[1], as: UTF8.self).contains("loss"))
    }

    @Test("a file that is opened again loses what came after the step, and a record that was cut")
    func reopening() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/\(name)"
        for (kept, steps) in [(0, 1...300), (129, 130...140), (135, 136...136)] {
            let file = try EventFile(directory: directory.path, keepingUpTo: kept)
            for step in steps { try file.add([("loss", Double(step))], step: step) }
        }
        #expect(try records(Data(contentsOf: URL(fileURLWithPath: path))).count == 137)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        try whole.dropLast(5).write(to: URL(fileURLWithPath: path))
        _ = try EventFile(directory: directory.path, keepingUpTo: 1000)
        #expect(try records(Data(contentsOf: URL(fileURLWithPath: path))).count == 136)
    }
}
