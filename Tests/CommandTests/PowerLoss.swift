import Foundation

/// What the library of Tools/faults has recorded of a run: changes to a file system, and syncs.
struct PowerLoss {
    /// A file, a folder or a link, by which all names of it are meant.
    private typealias Node = Int

    /// One change; it is on the disk once one of `nodes` was synced after it.
    private struct Change {
        enum Kind {
            case names([(folder: Node, name: String, node: Node?)])
            case write(Node, offset: Int, bytes: Data)
            case truncate(Node, size: Int)
        }

        let kind: Kind

        var nodes: [Node] {
            switch kind {
            case .names(let names): names.map(\.folder)
            case .write(let node, _, _), .truncate(let node, _): [node]
            }
        }
    }

    private enum Event {
        case change(Change)
        case sync(Node)
    }

    private enum Content {
        case folder
        case file
        case link(String)
    }

    private struct Malformed: Error {
        let line: String
    }

    /// The folder in which everything was recorded.
    private let root: String
    private var events: [Event] = []
    private var contents: [Content] = [.folder]
    /// The names in each folder, as the program saw them.
    private var seen: [Node: [String: Node]] = [0: [:]]
    /// When folders got names, by their paths in the root: the number of events then.
    private(set) var durable: [(path: String, count: Int)] = []
    private var renamed: [(path: String, folder: Node)] = []

    /// How many events there are.
    var count: Int { events.count }

    /// Reads a record.
    ///
    /// - Parameter root: the folder that calls counted in, which was empty.
    init(record: String, root: String) throws {
        self.root = root
        let data = try Data(contentsOf: URL(fileURLWithPath: record))
        var place = data.startIndex
        while place < data.endIndex {
            let end = data[place...].firstIndex(of: UInt8(ascii: "\n")) ?? data.endIndex
            let line = String(decoding: data[place..<end], as: UTF8.self)
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 5, let number = Int(fields[1]), let length = Int(fields[2]) else {
                throw Malformed(line: line)
            }
            place = end + 1
            guard add(fields[0], number, fields[3], fields[4], data[place..<place + length]) else {
                throw Malformed(line: line)
            }
            place += length
        }
    }

    private mutating func add(_ operation: String, _ number: Int, _ path: String, _ second: String, _ bytes: Data)
        -> Bool
    {
        switch operation {
        case "create", "mkdir", "symlink":
            guard let (folder, name) = parent(of: path) else { return false }
            let content: Content = operation == "mkdir" ? .folder : operation == "symlink" ? .link(second) : .file
            contents.append(content)
            let node = contents.count - 1
            if operation == "mkdir" { seen[node] = [:] }
            change(.names([(folder, name, node)]))
        case "unlink", "rmdir":
            guard let (folder, name) = parent(of: path) else { return false }
            change(.names([(folder, name, nil)]))
        case "rename":
            guard let (folder, name) = parent(of: path), let (target, new) = parent(of: second),
                let node = seen[folder]?[name]
            else { return false }
            change(.names([(folder, name, nil), (target, new, node)]))
            renamed.append((relative(second), target))
        case "write":
            guard let node = node(path) else { return false }
            change(.write(node, offset: number, bytes: bytes))
        case "truncate":
            guard let node = node(path) else { return false }
            change(.truncate(node, size: number))
        case "sync":
            guard let node = node(path) else { return false }
            events.append(.sync(node))
            for (path, folder) in renamed where folder == node { durable.append((path, events.count)) }
            renamed.removeAll { $0.folder == node }
        default: return false
        }
        return true
    }

    private mutating func change(_ kind: Change.Kind) {
        events.append(.change(Change(kind: kind)))
        if case .names(let names) = kind {
            for (folder, name, node) in names { seen[folder, default: [:]][name] = node }
        }
    }

    private func relative(_ path: String) -> String { String(path.dropFirst(root.utf8.count + 1)) }

    private func node(_ path: String) -> Node? {
        relative(path).split(separator: "/").reduce(0 as Node?) { folder, name in
            folder.flatMap { seen[$0]?[String(name)] }
        }
    }

    private func parent(of path: String) -> (folder: Node, name: String)? {
        let name = (path as NSString).lastPathComponent
        return node((path as NSString).deletingLastPathComponent).map { ($0, name) }
    }

    /// Writes what the disk may have after a power failure.
    ///
    /// - Parameters:
    ///   - end: how many events there were before it.
    ///   - isKept: whether a change that was not synced has reached the disk anyway.
    ///   - subfolder: what to write of it.
    ///   - target: the folder to make.
    func write(upTo end: Int, to target: String, subfolder: String = "", isKept: () -> Bool) throws {
        var synced: Set<Node> = []
        var kept = Array(repeating: false, count: end)
        for index in (0..<end).reversed() {
            switch events[index] {
            case .sync(let node): synced.insert(node)
            case .change(let change): kept[index] = change.nodes.contains(where: synced.contains) || isKept()
            }
        }
        var names: [Node: [String: Node]] = [:]
        var files: [Node: Data] = [:]
        for index in 0..<end where kept[index] {
            guard case .change(let change) = events[index] else { continue }
            switch change.kind {
            case .names(let list):
                for (folder, name, node) in list { names[folder, default: [:]][name] = node }
            case .write(let node, let offset, let bytes):
                var data = files[node] ?? Data()
                // What lies between is zero, as in a file with holes.
                if data.count < offset + bytes.count { data.append(Data(count: offset + bytes.count - data.count)) }
                data.replaceSubrange(offset..<offset + bytes.count, with: bytes)
                files[node] = data
            case .truncate(let node, let size):
                let data = files[node] ?? Data()
                files[node] = data.prefix(size) + Data(count: max(0, size - data.count))
            }
        }
        func make(_ node: Node, _ path: String, _ rest: ArraySlice<Substring>) throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            for (name, child) in names[node] ?? [:] where rest.isEmpty || rest.first.map(String.init) == name {
                switch contents[child] {
                case .folder: try make(child, "\(path)/\(name)", rest.dropFirst())
                case .file: try (files[child] ?? Data()).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
                case .link(let target):
                    try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: target)
                }
            }
        }
        try make(0, target, subfolder.split(separator: "/")[...])
    }
}
