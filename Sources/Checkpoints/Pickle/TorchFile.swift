import Files

/// A file that `torch.save` wrote: the object in its pickle, and the bytes of the tensors' storages.
///
/// PyTorch 1.6 and later write a zip archive of the pickle and one entry a storage. Earlier versions write a stream: a
/// magic number, the version of the format, a description of the machine and the object, each a pickle; then the
/// storages' keys, a pickle again, and the storages in that order, each with its number of elements before it.
/// - Source: `_save`, `_legacy_save` and `_legacy_load` in PyTorch's `torch/serialization.py`.
struct TorchFile {
    let file: MappedFile
    /// The object that was saved.
    let object: PickleValue
    /// Where the bytes of each storage are in the file, by key.
    let storages: [String: Range<Int>]

    /// Opens a file of either format.
    ///
    /// - Throws: `CheckpointError` that says what the file is instead, or where it is corrupt.
    init(path: String) throws(CheckpointError) {
        let file = try CheckpointFile.map(path)
        self.file = file
        (object, storages) = try file.withBytes { bytes throws(CheckpointError) in
            if bytes.starts(with: Self.zipMagic) {
                try Self.readArchive(ZipArchive(file), path: path, bytes: bytes)
            } else if bytes.starts(with: Self.streamMagic) {
                try Self.readStream(bytes, path: path)
            } else {
                throw CheckpointError(
                    path: path, kind: .invalid,
                    message: "torch.save did not write this file: it is neither a zip archive nor a pickle of PyTorch")
            }
        }
    }

    /// What a zip file begins with.
    private static let zipMagic: [UInt8] = [0x50, 0x4B, 0x03, 0x04]

    /// A pickle of the number 0x1950a86a20f9469cfc6c.
    private static let streamMagic: [UInt8] = [
        0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ]

    private static func readArchive(
        _ archive: ZipArchive, path: String, bytes: UnsafeRawBufferPointer
    ) throws(CheckpointError) -> (PickleValue, [String: Range<Int>]) {
        guard let pickle = archive.names.first(where: { $0.hasSuffix("/data.pkl") }) else {
            throw CheckpointError(
                path: path, kind: .invalid, message: "the archive has no data.pkl, so torch.save did not write it")
        }
        let folder = pickle.dropLast("data.pkl".count)
        if archive.names.contains("\(folder)byteorder") {
            let order = String(decoding: bytes[try archive.range(of: "\(folder)byteorder")], as: UTF8.self)
            try checkByteOrder(isLittle: order == "little", path: path)
        }
        let prefix = "\(folder)data/"
        var storages: [String: Range<Int>] = [:]
        for name in archive.names where name.hasPrefix(prefix) {
            storages[String(name.dropFirst(prefix.count))] = try archive.range(of: name)
        }
        let range = try archive.range(of: pickle)
        let object = try PickleMachine.read(UnsafeRawBufferPointer(rebasing: bytes[range]), path: path)
        return (object, storages)
    }

    private static func readStream(
        _ bytes: UnsafeRawBufferPointer, path: String
    ) throws(CheckpointError) -> (PickleValue, [String: Range<Int>]) {
        var place = streamMagic.count
        func next() throws(CheckpointError) -> (PickleValue, [String: PickleValue.Storage]) {
            var machine = PickleMachine(bytes, at: place, path: path)
            let value = try machine.run()
            place = machine.place
            return (value, machine.storages)
        }
        guard try next().0.int == 1001 else {
            throw CheckpointError(path: path, kind: .unsupported, message: "its version of the format is not 1001")
        }
        let machine = try next().0.dictionary ?? []
        let isLittle = machine.first { $0.key.string == "little_endian" }?.value.bool
        try checkByteOrder(isLittle: isLittle ?? true, path: path)
        let (object, storages) = try next()
        let keys = try next().0.list ?? []
        return (object, try ranges(of: storages, keys: keys, from: place, bytes, path: path))
    }

    /// Where the storages of a stream are: they follow each other from `start` on, in the order of `keys`.
    private static func ranges(
        of storages: [String: PickleValue.Storage], keys: [PickleValue], from start: Int,
        _ bytes: UnsafeRawBufferPointer,
        path: String
    ) throws(CheckpointError) -> [String: Range<Int>] {
        var place = start
        var ranges: [String: Range<Int>] = [:]
        for key in keys {
            guard let key = key.string, let storage = storages[key], ranges[key] == nil else {
                throw CheckpointError(
                    path: path, kind: .invalid, message: "it lists a storage twice, or one that no tensor uses")
            }
            guard bytes.count - place >= 8, storage.byteCount <= bytes.count - place - 8 else {
                throw CheckpointError(
                    path: path, kind: .invalid, message: "the file ends inside its tensors; fetch it again")
            }
            let count = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
            guard count == storage.count else {
                throw CheckpointError(
                    path: path, kind: .invalid,
                    message: "a storage has \(count) elements, but its tensors expect \(storage.count)")
            }
            ranges[key] = (place + 8)..<(place + 8 + storage.byteCount)
            place += 8 + storage.byteCount
        }
        return ranges
    }

    private static func checkByteOrder(isLittle: Bool, path: String) throws(CheckpointError) {
        guard isLittle else {
            throw CheckpointError(
                path: path, kind: .unsupported,
                message: "a big-endian machine wrote its numbers; save it again on a little-endian one")
        }
    }
}
