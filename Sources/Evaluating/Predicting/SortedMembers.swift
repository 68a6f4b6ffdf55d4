import Files
import StrictJSON

/// Files of JSON objects whose members are sorted by the bytes of their keys.
enum SortedMembers {
    /// Whether one key comes before another.
    static func precedes(_ one: String, _ other: String) -> Bool { one.utf8.lexicographicallyPrecedes(other.utf8) }

    /// Hands the members of all files to `add` in their order. If several files have a key, the last file counts.
    static func merge(_ paths: [String], _ add: (String, JSONValue) throws(FileError) -> Void) throws(FileError) {
        var streams: [MemberStream] = []
        var heap = MemberHeap()
        for (file, path) in paths.enumerated() {
            var stream = try MemberStream(path: path)
            if let (key, value) = try stream.next() { heap.insert(MemberHeap.Head(key: key, value: value, file: file)) }
            streams.append(stream)
        }
        while let head = heap.removeFirst() {
            if let (key, value) = try streams[head.file].next() {
                heap.insert(MemberHeap.Head(key: key, value: value, file: head.file))
            }
            // Of equal keys the last file's comes last.
            if let next = heap.first, next.key.utf8.elementsEqual(head.key.utf8) { continue }
            try add(head.key, head.value)
        }
    }
}

/// The next member of each file, the one that comes first on top.
private struct MemberHeap {
    struct Head {
        let key: String
        let value: JSONValue
        let file: Int

        func precedes(_ other: Head) -> Bool {
            if SortedMembers.precedes(key, other.key) { return true }
            return file < other.file && key.utf8.elementsEqual(other.key.utf8)
        }
    }

    private var heads: [Head] = []

    var first: Head? { heads.first }

    mutating func insert(_ head: Head) {
        heads.append(head)
        var place = heads.count - 1
        while place > 0, heads[place].precedes(heads[(place - 1) / 2]) {
            heads.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    mutating func removeFirst() -> Head? {
        guard let last = heads.popLast() else { return nil }
        guard let first = heads.first else { return last }
        heads[0] = last
        var place = 0
        while true {
            let children = [2 * place + 1, 2 * place + 2].filter { $0 < heads.count }
            guard let child = children.min(by: { heads[$0].precedes(heads[$1]) }), heads[child].precedes(heads[place])
            else { return first }
            heads.swapAt(place, child)
            place = child
        }
    }
}
