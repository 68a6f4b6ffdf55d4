/// The parts of a path by its text alone; whether anything is there does not matter.
///
/// Not `NSString`'s: on Linux its `deletingLastPathComponent` ends the process for a path of one character.
package enum PathParts {
    /// The folder that holds the last part: `a/b` for `a/b/c` and `a/b/c/`, `/` for `/a`, `.` for `a`.
    package static func parent(of path: String) -> String {
        let bytes = Array(path.utf8)
        guard let slash = bytes[..<end(of: bytes)].lastIndex(of: slash) else {
            return bytes.first == Self.slash ? "/" : "."
        }
        let parent = bytes[..<slash]
        let kept = parent[..<end(of: Array(parent))]
        return kept.isEmpty ? "/" : String(decoding: kept, as: UTF8.self)
    }

    /// The last part: `c` for `a/b/c` and `a/b/c/`; nothing for `/`.
    package static func last(of path: String) -> String {
        let bytes = Array(path.utf8)
        let named = bytes[..<end(of: bytes)]
        let start = named.lastIndex(of: slash).map { $0 + 1 } ?? 0
        return String(decoding: named[start...], as: UTF8.self)
    }

    /// The path of another file in the folder that holds the last part: `a/x` for `a/b`, `x` for `b`.
    package static func sibling(of path: String, named name: String) -> String {
        let bytes = Array(path.utf8)
        let start = bytes[..<end(of: bytes)].lastIndex(of: slash).map { $0 + 1 } ?? 0
        return String(decoding: bytes[..<start], as: UTF8.self) + name
    }

    private static let slash = UInt8(ascii: "/")

    /// Where the slashes at the end begin.
    private static func end(of bytes: [UInt8]) -> Int { (bytes.lastIndex { $0 != slash } ?? -1) + 1 }
}
