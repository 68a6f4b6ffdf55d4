import FineTuning
import Foundation
import Scratch
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
        let file = try EventFile(directory: directory.path, clock: .wall, length: nil)
        try file.add([("loss", 0.5), ("rate", 1e-5)], step: 1)
        let records = try records(Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/\(name)")))
        #expect(records.count == 2)
        #expect(String(decoding: records[0], as: UTF8.self).hasSuffix("brain.Event:2"))
        // Behind the time: the step, then a summary with two values.
        #expect(Array(records[1][9...11]) == [0x10, 1, 0x2A])
        #expect(String(decoding: records[1], as: UTF8.self).contains("loss"))
    }

    @Test("a file that is opened again is cut to the length that was told, and begins anew where there is less")
    func reopening() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/\(name)"
        func write(_ steps: ClosedRange<Int>, from length: Int?) throws -> Int {
            let file = try EventFile(directory: directory.path, clock: .steps, length: length)
            for step in steps { try file.add([("loss", Double(step))], step: step) }
            return try file.synchronize()
        }
        let whole = try write(1...300, from: nil)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(whole == bytes.count)
        let early = try write(1...130, from: nil)
        // What came after, and a record that was cut, is gone.
        _ = try write(131...200, from: nil)
        _ = try write(1...130, from: nil)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data([1, 2, 3]))
        #expect(try write(131...300, from: early) == whole)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
        _ = try write(1...1, from: whole + 1)
        #expect(try records(Data(contentsOf: URL(fileURLWithPath: path))).count == 2)
    }
}
