import Foundation

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
