/// Reads a pickle without running it: a stack machine for the few opcodes that a dictionary of tensors is made of.
///
/// Python imports and calls whatever a pickle names. Here names stay names; the calls that rebuild tensors are
/// understood, and any other call makes a value without content.
/// - Source: the opcodes in CPython's `Lib/pickletools.py`; the calls in PyTorch's `torch/_utils.py`,
///   `_rebuild_tensor_v2`.
package struct PickleMachine {
    private let path: String
    private let bytes: UnsafeRawBufferPointer
    /// Where the next opcode is; after `run`, where the pickle ended.
    private(set) var place: Int
    /// The storages that the pickle refers to, by key.
    private(set) var storages: [String: PickleValue.Storage] = [:]
    private var stack: [Item] = []
    private var marks: [Int] = []
    private var memo: [Int: Item] = [:]
    private var copiedPairs = 0

    /// A value and how deeply it is nested, which is limited because releasing nested values recurs.
    private struct Item {
        var value: PickleValue
        var depth = 0
    }

    private static let maximumDepth = 64

    /// The value in a pickle; `path` is for errors.
    ///
    /// - Throws: `CheckpointError` of kind `.invalid` for bytes that are not a pickle, or use opcodes that no
    ///   checkpoint has.
    package static func read(_ bytes: UnsafeRawBufferPointer, path: String) throws(CheckpointError) -> PickleValue {
        var machine = PickleMachine(bytes, at: 0, path: path)
        return try machine.run()
    }

    /// A machine for the pickle that begins at `place` of `bytes`.
    init(_ bytes: UnsafeRawBufferPointer, at place: Int, path: String) {
        self.path = path
        self.bytes = bytes
        self.place = place
    }

    /// Reads up to the opcode that ends the pickle.
    mutating func run() throws(CheckpointError) -> PickleValue {
        while true {
            if case .done(let result) = try step() { return result }
        }
    }

    private enum Step {
        case next
        case done(PickleValue)
    }

    /// Carries out one opcode.
    private mutating func step() throws(CheckpointError) -> Step {
        let opcode = try number(1)
        if try constant(opcode) { return .next }
        if try container(opcode) { return .next }
        if try memory(opcode) { return .next }
        switch opcode {
        case 0x80: _ = try number(1)  // PROTO
        case 0x95: _ = try number(8)  // FRAME
        case 0x63:  // GLOBAL
            let module = try line()
            push(try global(module, try line()))
        case 0x93:  // STACK_GLOBAL
            let name = try pop().value.string
            guard let module = try pop().value.string, let name else { throw invalid("a name is not a string") }
            push(try global(module, name))
        case 0x51: push(try storage(try pop().value))  // BINPERSID
        case 0x52:  // REDUCE
            let arguments = try pop()
            let result = try call(try pop().value, arguments.value.tuple ?? [])
            stack.append(Item(value: result, depth: arguments.depth))
        case 0x81:  // NEWOBJ
            _ = (try pop(), try pop())
            push(.other)
        case 0x62: _ = try pop()  // BUILD: attributes, such as an OrderedDict's
        case 0x2E: return .done(try pop().value)  // STOP
        default: throw invalid("it has the opcode \(opcode), which no checkpoint has")
        }
        return .next
    }

    /// Opcodes that push a value that is in the pickle itself.
    private mutating func constant(_ opcode: Int) throws(CheckpointError) -> Bool {
        switch opcode {
        case 0x4E: push(.none)  // NONE
        case 0x88: push(.bool(true))  // NEWTRUE
        case 0x89: push(.bool(false))  // NEWFALSE
        case 0x4A: push(.int(Int(Int32(truncatingIfNeeded: try number(4)))))  // BININT
        case 0x4B: push(.int(try number(1)))  // BININT1
        case 0x4D: push(.int(try number(2)))  // BININT2
        case 0x8A:  // LONG1
            let count = try number(1)
            guard count <= 8 else { throw invalid("a number is too large") }
            let value = UInt64(bitPattern: Int64(try number(count)))
            let unused = 64 - 8 * count
            push(.int(count == 0 ? 0 : Int(Int64(bitPattern: value << unused) >> unused)))
        case 0x47:  // BINFLOAT
            _ = try skip(8)
            push(.other)
        case 0x58: push(.string(try text(try number(4))))  // BINUNICODE
        case 0x8C: push(.string(try text(try number(1))))  // SHORT_BINUNICODE
        case 0x8D: push(.string(try text(try number(8))))  // BINUNICODE8
        // Python 2 writes its strings like this.
        case 0x54: push(pythonString(try skip(try number(4))))  // BINSTRING
        case 0x55: push(pythonString(try skip(try number(1))))  // SHORT_BINSTRING
        case 0x43:  // SHORT_BINBYTES
            _ = try skip(try number(1))
            push(.other)
        default: return false
        }
        return true
    }

    private func pythonString(_ range: Range<Int>) -> PickleValue {
        String(validating: bytes[range], as: UTF8.self).map(PickleValue.string) ?? .other
    }

    /// Opcodes that make or fill containers.
    private mutating func container(_ opcode: Int) throws(CheckpointError) -> Bool {
        switch opcode {
        case 0x28: marks.append(stack.count)  // MARK
        case 0x29: push(.tuple([]))  // EMPTY_TUPLE
        case 0x85, 0x86, 0x87: try gather(from: stack.count - (opcode - 0x84))  // TUPLE1, TUPLE2, TUPLE3
        case 0x74: try gather(from: try mark())  // TUPLE
        case 0x7D: push(.dictionary([]))  // EMPTY_DICT
        case 0x5D: push(.list([]))  // EMPTY_LIST
        case 0x73: try fill(from: stack.count - 2)  // SETITEM
        case 0x75: try fill(from: try mark())  // SETITEMS
        case 0x61: try fill(from: stack.count - 1)  // APPEND
        case 0x65: try fill(from: try mark())  // APPENDS
        case 0x30: _ = try pop()  // POP
        case 0x31: stack.removeSubrange(try mark()...)  // POP_MARK
        default: return false
        }
        return true
    }

    /// Opcodes that store values in the memo and fetch them again.
    private mutating func memory(_ opcode: Int) throws(CheckpointError) -> Bool {
        switch opcode {
        case 0x71: try memoize(try number(1))  // BINPUT
        case 0x72: try memoize(try number(4))  // LONG_BINPUT
        case 0x94: try memoize(memo.count)  // MEMOIZE
        case 0x68: try recall(try number(1))  // BINGET
        case 0x6A: try recall(try number(4))  // LONG_BINGET
        default: return false
        }
        return true
    }

    private mutating func push(_ value: PickleValue) { stack.append(Item(value: value)) }

    private mutating func pop() throws(CheckpointError) -> Item {
        guard stack.count > (marks.last ?? 0), let item = stack.popLast() else { throw invalid("its stack is empty") }
        return item
    }

    private mutating func mark() throws(CheckpointError) -> Int {
        guard let mark = marks.popLast() else { throw invalid("a mark is missing") }
        return mark
    }

    /// Puts what is on the stack from `start` on into a tuple.
    private mutating func gather(from start: Int) throws(CheckpointError) {
        guard start >= (marks.last ?? 0) else { throw invalid("its stack is empty") }
        let depth = try depth(around: stack[start...])
        let values = stack[start...].map(\.value)
        stack.removeSubrange(start...)
        stack.append(Item(value: .tuple(values), depth: depth))
    }

    /// Moves what is on the stack from `start` on into the dictionary (keys and values) or the list below it.
    private mutating func fill(from start: Int) throws(CheckpointError) {
        guard start >= 1, start > (marks.last ?? 0) else { throw invalid("its stack is empty") }
        let depth = max(try depth(around: stack[start...]), stack[start - 1].depth)
        let values = stack[start...].map(\.value)
        stack.removeSubrange(start...)
        switch stack[start - 1].value {
        case .dictionary(var members):
            guard values.count.isMultiple(of: 2) else { throw invalid("a key has no value") }
            // Taken off the stack first, so that the array grows in place.
            stack[start - 1].value = .none
            for index in stride(from: 0, to: values.count, by: 2) { members.append((values[index], values[index + 1])) }
            stack[start - 1] = Item(value: .dictionary(members), depth: depth)
        case .list(var elements):
            stack[start - 1].value = .none
            elements += values
            stack[start - 1] = Item(value: .list(elements), depth: depth)
        default: break
        }
    }

    private func depth(around items: ArraySlice<Item>) throws(CheckpointError) -> Int {
        let depth = (items.map(\.depth).max() ?? 0) + 1
        guard depth <= Self.maximumDepth else { throw invalid("it is nested too deeply") }
        return depth
    }

    private mutating func memoize(_ index: Int) throws(CheckpointError) {
        guard var item = stack.last else { throw invalid("its stack is empty") }
        // A dictionary or a list is filled later, which a copy would not see.
        switch item.value {
        case .dictionary, .list: item = Item(value: .other)
        default: break
        }
        memo[index] = item
    }

    private mutating func recall(_ index: Int) throws(CheckpointError) {
        guard let item = memo[index] else { throw invalid("it fetches a value that it did not store") }
        stack.append(item)
    }

    private mutating func storage(_ reference: PickleValue) throws(CheckpointError) -> PickleValue {
        guard let fields = reference.tuple, fields.count >= 5, fields[0].string == "storage",
            case .global(let type) = fields[1]
        else { throw invalid("a storage is not described as torch.save does") }
        guard let elementType = Self.storages[type] else {
            throw CheckpointError(
                path: path, kind: .unsupported, message: "it contains numbers of the type '\(type)'")
        }
        guard let storage = PickleValue.Storage(fields, elementType: elementType) else {
            throw invalid("a storage is not described as torch.save does")
        }
        storages[storage.key] = storage
        return .storage(storage)
    }

    private func global(_ module: String, _ name: String) throws(CheckpointError) -> PickleValue {
        guard module.utf8.count + name.utf8.count < 256 else { throw invalid("a name is too long") }
        return .global("\(module) \(name)")
    }

    private mutating func call(_ function: PickleValue, _ arguments: [PickleValue]) throws(CheckpointError)
        -> PickleValue
    {
        guard case .global(let name) = function else { return .other }
        switch name {
        case "collections OrderedDict":
            return .dictionary(try pairs(arguments.first?.list ?? []))
        case "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_tensor":
            guard let tensor = PickleValue.Tensor(arguments) else {
                throw invalid("a tensor reaches beyond its storage")
            }
            return .tensor(tensor)
        case "torch._utils _rebuild_parameter", "torch._utils _rebuild_parameter_with_state":
            return arguments.first ?? .other
        default: return .other
        }
    }

    /// The members of an ordered dictionary that Python 2 wrote, a list of pairs.
    private mutating func pairs(
        _ list: [PickleValue]
    ) throws(CheckpointError) -> [(key: PickleValue, value: PickleValue)] {
        // A list inside a memoized tuple can be passed again and again.
        copiedPairs += list.count
        guard copiedPairs <= bytes.count else { throw invalid("its dictionaries are far larger than the file") }
        return list.compactMap { pair in
            guard let pair = pair.list ?? pair.tuple, pair.count == 2 else { return nil }
            return (pair[0], pair[1])
        }
    }

    private static let storages: [String: ElementType] = [
        "torch FloatStorage": .float32, "torch DoubleStorage": .float64, "torch HalfStorage": .float16,
        "torch BFloat16Storage": .bfloat16, "torch LongStorage": .int64, "torch IntStorage": .int32,
        "torch ShortStorage": .int16, "torch CharStorage": .int8, "torch ByteStorage": .uint8,
        "torch BoolStorage": .bool,
    ]

    // MARK: Bytes

    private mutating func skip(_ count: Int) throws(CheckpointError) -> Range<Int> {
        guard count >= 0, count <= bytes.count - place else { throw invalid("it ends too early") }
        defer { place += count }
        return place..<(place + count)
    }

    /// A little-endian number of up to eight bytes; one of eight may come out negative.
    private mutating func number(_ width: Int) throws(CheckpointError) -> Int {
        Int(truncatingIfNeeded: bytes[try skip(width)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    private mutating func text(_ count: Int) throws(CheckpointError) -> String {
        guard let text = String(validating: bytes[try skip(count)], as: UTF8.self) else {
            throw invalid("a string is not UTF-8")
        }
        return text
    }

    /// Text up to the end of the line.
    private mutating func line() throws(CheckpointError) -> String {
        guard let end = bytes[place...].firstIndex(of: UInt8(ascii: "\n")) else { throw invalid("it ends too early") }
        let text = try text(end - place)
        place = end + 1
        return text
    }

    private func invalid(_ what: String) -> CheckpointError {
        CheckpointError(path: path, kind: .invalid, message: "its pickle cannot be read as a checkpoint: \(what)")
    }
}
