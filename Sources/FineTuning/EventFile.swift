import Foundation
import StrictJSON

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// A file of scalars that TensorBoard shows.
///
/// A file is a row of records: length, masked checksum of the length, an `Event` message, masked checksum of the message. A
/// record that was being written when the process ended is dropped when the file is opened again.
/// - Source: tensorflow/core/lib/io/record_writer.h and core/util/event.proto, as TensorBoard reads them.
package final class EventFile {
    private let path: String
    private let descriptor: Int32

    /// Opens `directory`'s event file, making both if they are not there, and drops what came after `step`.
    package init(directory: String, keepingUpTo step: Int) throws(FileError) {
        try DurableFiles.makeDirectory(directory)
        path = "\(directory)/events.out.tfevents.0000000000.bertqa"
        var kept = Data()
        if FileManager.default.fileExists(atPath: path), step > 0 {
            kept = Self.records(of: try MappedFile(path: path).withBytes { Data($0) }, upTo: step)
        }
        if kept.isEmpty { kept = EventRecord.framed(EventRecord.version(time: Date().timeIntervalSince1970)) }
        let path = path
        try DurableFiles.replace(path) { temporary throws(FileError) in
            guard FileManager.default.createFile(atPath: temporary, contents: kept) else {
                throw FileError(path: path, code: errno == 0 ? EIO : errno)
            }
        }
        descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
    }

    deinit {
        close(descriptor)
    }

    /// Appends scalars of one step.
    package func add(_ scalars: [(tag: String, value: Double)], step: Int) throws(FileError) {
        let event = EventRecord.scalars(scalars, step: step, time: Date().timeIntervalSince1970)
        var rest = Array(EventRecord.framed(event))[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw FileError(path: path, code: errno) }
            rest = rest.dropFirst(written)
        }
    }

    /// The leading whole records whose step is not beyond `step`.
    private static func records(of data: Data, upTo step: Int) -> Data {
        let bytes = Array(data)
        var end = 0
        while end + 12 <= bytes.count {
            let length = bytes[end..<(end + 8)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard length <= UInt64(bytes.count - end - 12), end + 16 + Int(length) <= bytes.count else { break }
            let message = bytes[(end + 12)..<(end + 12 + Int(length))]
            guard Data(bytes[end..<(end + 16 + Int(length))]) == EventRecord.framed(Data(message)),
                EventRecord.step(of: message) <= step
            else { break }
            end += 16 + Int(length)
        }
        return Data(bytes[..<end])
    }
}

/// TensorBoard's `Event` messages, and the frame around each.
enum EventRecord {
    /// The first record of a file.
    static func version(time: Double) -> Data {
        var message = ProtocolBuffer()
        message.double(1, time)
        message.string(3, "brain.Event:2")
        return message.data
    }

    /// One step's scalars.
    static func scalars(_ scalars: [(tag: String, value: Double)], step: Int, time: Double) -> Data {
        var summary = ProtocolBuffer()
        for scalar in scalars {
            var value = ProtocolBuffer()
            value.string(1, scalar.tag)
            value.float(2, Float(scalar.value))
            summary.bytes(1, value.data)
        }
        var message = ProtocolBuffer()
        message.double(1, time)
        message.integer(2, step)
        message.bytes(5, summary.data)
        return message.data
    }

    /// The step of a message as this file writes it: behind the time, which has nine bytes. 0 where there is none.
    static func step(of message: ArraySlice<UInt8>) -> Int {
        let rest = message.dropFirst(9)
        guard rest.first == 2 << 3 else { return 0 }
        var step = 0
        for (place, byte) in rest.dropFirst().prefix(9).enumerated() {
            step |= Int(byte & 0x7F) << (7 * place)
            if byte & 0x80 == 0 { break }
        }
        return step
    }

    /// A message with its length and checksums.
    static func framed(_ message: Data) -> Data {
        var length = ProtocolBuffer()
        length.fixed(UInt64(message.count))
        var result = length.data
        var check = ProtocolBuffer()
        check.fixed(masked(length.data))
        result += check.data + message
        check = ProtocolBuffer()
        check.fixed(masked(message))
        return result + check.data
    }

    private static func masked(_ data: Data) -> UInt32 {
        let checksum = CRC32C.checksum(data)
        return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
    }
}

/// The checksum of iSCSI. - Source: RFC 3720, appendix B.4.
package enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
    }

    package static func checksum(_ data: Data) -> UInt32 {
        ~data.reduce(~UInt32(0)) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
    }
}

/// The few encodings of Protocol Buffers that an event needs.
private struct ProtocolBuffer {
    private(set) var data = Data()

    mutating func fixed(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
    }

    mutating func double(_ field: Int, _ value: Double) {
        varint(field << 3 | 1)
        fixed(value.bitPattern)
    }

    mutating func float(_ field: Int, _ value: Float) {
        varint(field << 3 | 5)
        fixed(value.bitPattern)
    }

    mutating func integer(_ field: Int, _ value: Int) {
        varint(field << 3)
        varint(value)
    }

    mutating func string(_ field: Int, _ value: String) { bytes(field, Data(value.utf8)) }

    mutating func bytes(_ field: Int, _ value: Data) {
        varint(field << 3 | 2)
        varint(value.count)
        data += value
    }

    private mutating func varint(_ value: Int) {
        var rest = UInt64(bitPattern: Int64(value))
        while rest >= 0x80 {
            data.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        data.append(UInt8(rest))
    }
}
