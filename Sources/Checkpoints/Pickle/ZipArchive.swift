import CZlib
import Files

/// A zip file of uncompressed entries, memory-mapped: what `torch.save` writes.
///
/// - Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.6 to 4.3.16 and 4.5.3 (Zip64).
package struct ZipArchive: Sendable {
    private let file: MappedFile
    private let entries: [String: Entry]

    private struct Entry: Sendable {
        let range: Range<Int>
        let checksum: UInt32
    }

    /// Reads the directory at the end of a file, but no entry.
    ///
    /// - Throws: `CheckpointError` of kind `.invalid` for a file that is not such an archive.
    package init(_ file: MappedFile) throws(CheckpointError) {
        self.file = file
        entries = try file.withBytes { bytes throws(CheckpointError) in
            try Directory(path: file.path, bytes: bytes).entries()
        }
    }

    /// The names of the entries.
    package var names: some Collection<String> { entries.keys }

    /// Where the bytes of an entry are in the file; their checksum is compared.
    ///
    /// - Throws: `CheckpointError` of kind `.invalid` if there is no entry of that name, or its bytes are damaged.
    package func range(of name: String) throws(CheckpointError) -> Range<Int> {
        guard let entry = entries[name] else {
            throw CheckpointError(path: file.path, kind: .invalid, message: "the archive has no '\(name)'")
        }
        let checksum = file.withBytes { bytes in
            let entry = UnsafeRawBufferPointer(rebasing: bytes[entry.range])
            return crc32_z(0, entry.bindMemory(to: UInt8.self).baseAddress, entry.count)
        }
        guard checksum == entry.checksum else {
            throw CheckpointError(
                path: file.path, kind: .invalid, message: "'\(name)' is damaged (wrong checksum); fetch the file again")
        }
        return entry.range
    }

    /// Reads the archive's directory.
    private struct Directory {
        let path: String
        let bytes: UnsafeRawBufferPointer

        func entries() throws(CheckpointError) -> [String: Entry] {
            var (place, count) = try start()
            var result: [String: Entry] = [:]
            for _ in 0..<count {
                guard try number(place, 4) == 0x0201_4b50 else { throw damaged("its directory is corrupt") }
                let (nameCount, extraCount) = (try number(place + 28, 2), try number(place + 30, 2))
                let name = try text(place + 46, nameCount)
                guard try number(place + 10, 2) == 0, try number(place + 8, 2) & 1 == 0 else {
                    throw CheckpointError(
                        path: path, kind: .unsupported,
                        message: "'\(name)' is compressed or encrypted, which torch.save never does")
                }
                let checksum = UInt32(try number(place + 16, 4))
                let range = try data(place, extra: place + 46 + nameCount, extraCount)
                guard result.updateValue(Entry(range: range, checksum: checksum), forKey: name) == nil else {
                    throw damaged("'\(name)' is in it twice")
                }
                place += 46 + nameCount + extraCount + (try number(place + 32, 2))
            }
            try checkApart(result.values.map(\.range))
            return result
        }

        /// Entries that share bytes would be read once for each: a small file could name millions of large ones.
        private func checkApart(_ ranges: [Range<Int>]) throws(CheckpointError) {
            var end = 0
            for range in ranges.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
                guard range.lowerBound >= end else { throw damaged("its entries overlap") }
                end = range.upperBound
            }
        }

        /// Where the directory begins, and how many entries it has.
        private func start() throws(CheckpointError) -> (place: Int, count: Int) {
            // A comment of up to 65,535 bytes may follow the last record.
            let first = max(0, bytes.count - 22 - 65_535)
            var end = bytes.count - 22
            while end >= first, try number(end, 4) != 0x0605_4b50 { end -= 1 }
            guard end >= first else { throw damaged("its directory is missing") }
            var (count, place) = (try number(end + 10, 2), try number(end + 16, 4))
            if end >= 20, try number(end - 20, 4) == 0x0706_4b50 {
                let record = try number(end - 20 + 8, 8)
                guard try number(record, 4) == 0x0606_4b50 else { throw damaged("its directory is corrupt") }
                (count, place) = (try number(record + 32, 8), try number(record + 48, 8))
            }
            // Every entry of the directory takes 46 bytes and more.
            guard count <= bytes.count / 46 else { throw damaged("its directory is corrupt") }
            return (place, count)
        }

        /// Where the data of the entry at `place` of the directory lies.
        private func data(_ place: Int, extra: Int, _ extraCount: Int) throws(CheckpointError) -> Range<Int> {
            var fields = [try number(place + 24, 4), try number(place + 20, 4), try number(place + 42, 4)]
            // Zip64: fields that are all ones are in an extra record, in this order.
            var record = extra
            while record + 4 <= extra + extraCount {
                let (kind, count) = (try number(record, 2), try number(record + 2, 2))
                if kind == 1 {
                    var wide = record + 4
                    for index in fields.indices where fields[index] == 0xFFFF_FFFF {
                        fields[index] = try number(wide, 8)
                        wide += 8
                    }
                }
                record += 4 + count
            }
            let (size, stored, header) = (fields[0], fields[1], fields[2])
            guard size == stored, header <= bytes.count, try number(header, 4) == 0x0403_4b50 else {
                throw damaged("an entry is corrupt")
            }
            let begin = header + 30 + (try number(header + 26, 2)) + (try number(header + 28, 2))
            guard begin <= bytes.count, size <= bytes.count - begin else {
                throw damaged("an entry reaches beyond the end of the file")
            }
            return begin..<(begin + size)
        }

        /// A little-endian number of up to eight bytes.
        private func number(_ place: Int, _ width: Int) throws(CheckpointError) -> Int {
            guard place >= 0, place <= bytes.count - width else { throw damaged("it ends too early") }
            var value: UInt64 = 0
            for index in (0..<width).reversed() { value = value << 8 | UInt64(bytes[place + index]) }
            guard let number = Int(exactly: value) else { throw damaged("a number in it is too large") }
            return number
        }

        private func text(_ place: Int, _ count: Int) throws(CheckpointError) -> String {
            guard place <= bytes.count - count,
                let text = String(validating: bytes[place..<(place + count)], as: UTF8.self)
            else { throw damaged("a name in it is not UTF-8") }
            return text
        }

        private func damaged(_ what: String) -> CheckpointError {
            CheckpointError(
                path: path, kind: .invalid, message: "the zip archive is damaged: \(what); fetch the file again")
        }
    }
}
