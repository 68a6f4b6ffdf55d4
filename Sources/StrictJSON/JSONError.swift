/// Where a JSON text breaks the rules, and how.
package struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong.
    package let message: String
    /// The line, counted from 1.
    package let line: Int
    /// The column in Unicode scalars, counted from 1.
    package let column: Int
    /// The place in the text in bytes, counted from 0.
    package let byteOffset: Int

    init(_ message: String, at offset: Int, in bytes: UnsafeRawBufferPointer) {
        var line = 1
        var column = 1
        let mark = JSONReader.byteOrderMark(bytes)
        for byte in bytes.prefix(offset).dropFirst(mark) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        self.message = message
        self.line = line
        self.column = column
        byteOffset = offset
    }

    /// One line for the user.
    package var description: String { "line \(line), column \(column): \(message)" }
}
