/// Reads a pickle without running it: a stack machine that knows the few things that a dictionary of tensors is made of.
///
/// Python imports and calls whatever a pickle names. Here names stay names; the calls that rebuild tensors are understood, an
/// unknown one makes a value that nothing can be done with.
/// - Source: the opcodes in CPython's `Lib/pickletools.py`; the calls in PyTorch's `torch/_utils.py`, `_rebuild_tensor_v2`.
package struct PickleMachine {
    private let path: String
    private let bytes: UnsafeRawBufferPointer
    private var place = 0
    private var stack: [Item] = []
    private var marks: [Int] = []
    private var memo: [Int: Item] = [:]

    /// A value with the number of containers it is nested in, which is limited: freeing them recurs.
    private struct Item {
        var value: PickleValue
        var depth = 0
    }

    private static let deepest = 64

    /// What the pickle in `bytes` holds; `path` is for errors.
    ///
    /// - Throws: `ModelError` for bytes that are no pickle, or one of other things than a checkpoint holds.
    package static func read(_ bytes: UnsafeRawBufferPointer, path: String) throws(ModelError) -> PickleValue {
        var machine = PickleMachine(path: path, bytes: bytes)
        while true {
            if case .done(let result) = try machine.step() { return result }
        }
    }

    private init(path: String, bytes: UnsafeRawBufferPointer) {
        self.path = path
        self.bytes = bytes
    }

    private enum Step {
        case next
        case done(PickleValue)
    }

    /// Carries out one opcode.
    private mutating func step() throws(ModelError) -> Step {
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
            guard let module = try pop().value.string, let name else { throw damaged("a name is not a text") }
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
        default: throw damaged("it has the opcode \(opcode), which no checkpoint has")
        }
        return .next
    }

    /// Opcodes that push something that stands in the pickle itself.
    private mutating func constant(_ opcode: Int) throws(ModelError) -> Bool {
        switch opcode {
        case 0x4E: push(.none)  // NONE
        case 0x88: push(.bool(true))  // NEWTRUE
        case 0x89: push(.bool(false))  // NEWFALSE
        case 0x4A: push(.int(Int(Int32(truncatingIfNeeded: try number(4)))))  // BININT
        case 0x4B: push(.int(try number(1)))  // BININT1
        case 0x4D: push(.int(try number(2)))  // BININT2
        case 0x8A:  // LONG1
            let count = try number(1)
            guard count <= 8 else { throw damaged("a number is too large") }
            let value = UInt64(bitPattern: Int64(try number(count)))
            let unused = 64 - 8 * count
            push(.int(count == 0 ? 0 : Int(Int64(bitPattern: value << unused) >> unused)))
        case 0x47:  // BINFLOAT
            _ = try take(8)
            push(.other)
        case 0x58: push(.string(try text(try number(4))))  // BINUNICODE
        case 0x8C: push(.string(try text(try number(1))))  // SHORT_BINUNICODE
        case 0x8D: push(.string(try text(try number(8))))  // BINUNICODE8
        case 0x43, 0x55:  // SHORT_BINBYTES, SHORT_BINSTRING
            _ = try take(try number(1))
            push(.other)
        default: return false
        }
        return true
    }

    /// Opcodes that make or fill containers.
    private mutating func container(_ opcode: Int) throws(ModelError) -> Bool {
        switch opcode {
        case 0x28: marks.append(stack.count)  // MARK
        case 0x29: push(.tuple([]))  // EMPTY_TUPLE
        case 0x85, 0x86, 0x87: try gather(from: stack.count - (opcode - 0x84))  // TUPLE1, TUPLE2, TUPLE3
        case 0x74: try gather(from: try mark())  // TUPLE
        case 0x7D: push(.dictionary([]))  // EMPTY_DICT
        case 0x73: try fill(from: stack.count - 2)  // SETITEM
        case 0x75: try fill(from: try mark())  // SETITEMS
        case 0x5D: push(.other)  // EMPTY_LIST
        case 0x61: _ = try pop()  // APPEND
        case 0x65: stack.removeSubrange(try mark()...)  // APPENDS
        case 0x30: _ = try pop()  // POP
        case 0x31: stack.removeSubrange(try mark()...)  // POP_MARK
        default: return false
        }
        return true
    }

    /// Opcodes that note values and fetch them again.
    private mutating func memory(_ opcode: Int) throws(ModelError) -> Bool {
        switch opcode {
        case 0x71: try note(try number(1))  // BINPUT
        case 0x72: try note(try number(4))  // LONG_BINPUT
        case 0x94: try note(memo.count)  // MEMOIZE
        case 0x68: try recall(try number(1))  // BINGET
        case 0x6A: try recall(try number(4))  // LONG_BINGET
        default: return false
        }
        return true
    }

    private mutating func push(_ value: PickleValue) { stack.append(Item(value: value)) }

    private mutating func pop() throws(ModelError) -> Item {
        guard stack.count > (marks.last ?? 0), let item = stack.popLast() else { throw damaged("its stack is empty") }
        return item
    }

    private mutating func mark() throws(ModelError) -> Int {
        guard let mark = marks.popLast() else { throw damaged("a mark is missing") }
        return mark
    }

    /// Puts what is on the stack from `start` on into a tuple.
    private mutating func gather(from start: Int) throws(ModelError) {
        guard start >= (marks.last ?? 0) else { throw damaged("its stack is empty") }
        let depth = try depth(around: stack[start...])
        let values = stack[start...].map(\.value)
        stack.removeSubrange(start...)
        stack.append(Item(value: .tuple(values), depth: depth))
    }

    /// Puts the keys and values on the stack from `start` on into the dictionary below them.
    private mutating func fill(from start: Int) throws(ModelError) {
        guard start >= 1, start > (marks.last ?? 0), (stack.count - start).isMultiple(of: 2) else {
            throw damaged("its stack is empty")
        }
        let depth = try depth(around: stack[start...])
        var pairs: [(key: PickleValue, value: PickleValue)] = []
        for index in stride(from: start, to: stack.count, by: 2) {
            pairs.append((stack[index].value, stack[index + 1].value))
        }
        stack.removeSubrange(start...)
        guard case .dictionary(var members) = stack[start - 1].value else { return }
        // Taken out of the stack first, so that the array grows in place.
        stack[start - 1].value = .none
        members += pairs
        stack[start - 1] = Item(value: .dictionary(members), depth: max(depth, stack[start - 1].depth))
    }

    private func depth(around items: ArraySlice<Item>) throws(ModelError) -> Int {
        let depth = (items.map(\.depth).max() ?? 0) + 1
        guard depth <= Self.deepest else { throw damaged("it is nested too deeply") }
        return depth
    }

    private mutating func note(_ index: Int) throws(ModelError) {
        guard var item = stack.last else { throw damaged("its stack is empty") }
        // A dictionary is filled later, which a copy would not see.
        if case .dictionary = item.value { item = Item(value: .other) }
        memo[index] = item
    }

    private mutating func recall(_ index: Int) throws(ModelError) {
        guard let item = memo[index] else { throw damaged("it recalls something that it did not note") }
        stack.append(item)
    }

    /// `('storage', class, key, device, count)`
    private func storage(_ reference: PickleValue) throws(ModelError) -> PickleValue {
        guard let fields = reference.tuple, fields.count >= 5, fields[0].string == "storage",
            case .global(let type) = fields[1], let key = fields[2].string, let count = fields[4].int, count >= 0
        else { throw damaged("a storage is not described as torch.save does") }
        guard let elementType = Self.storages[type] else {
            throw ModelError(path: path, kind: .unsupported, message: "it has numbers of the type '\(type)'")
        }
        return .storage(PickleValue.Storage(key: key, elementType: elementType, count: count))
    }

    private func global(_ module: String, _ name: String) throws(ModelError) -> PickleValue {
        guard module.utf8.count + name.utf8.count < 256 else { throw damaged("a name is too long") }
        return .global("\(module) \(name)")
    }

    private func call(_ function: PickleValue, _ arguments: [PickleValue]) throws(ModelError) -> PickleValue {
        guard case .global(let name) = function else { return .other }
        switch name {
        case "collections OrderedDict": return .dictionary([])
        case "torch._utils _rebuild_tensor_v2":
            guard let tensor = PickleValue.Tensor(arguments) else {
                throw damaged("a tensor reaches beyond its storage")
            }
            return .tensor(tensor)
        case "torch._utils _rebuild_parameter": return arguments.first ?? .other
        default: return .other
        }
    }

    private static let storages: [String: ElementType] = [
        "torch FloatStorage": .float32, "torch DoubleStorage": .float64, "torch HalfStorage": .float16,
        "torch BFloat16Storage": .bfloat16, "torch LongStorage": .int64, "torch IntStorage": .int32,
        "torch ShortStorage": .int16, "torch CharStorage": .int8, "torch ByteStorage": .uint8,
        "torch BoolStorage": .bool,
    ]

    // MARK: Bytes

    private mutating func take(_ count: Int) throws(ModelError) -> Range<Int> {
        guard count >= 0, count <= bytes.count - place else { throw damaged("it ends too early") }
        defer { place += count }
        return place..<(place + count)
    }

    /// A little-endian number of up to eight bytes; one of eight may come out negative.
    private mutating func number(_ width: Int) throws(ModelError) -> Int {
        Int(truncatingIfNeeded: bytes[try take(width)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    private mutating func text(_ count: Int) throws(ModelError) -> String {
        guard let text = String(validating: bytes[try take(count)], as: UTF8.self) else {
            throw damaged("a text is not UTF-8")
        }
        return text
    }

    /// Text up to the end of the line.
    private mutating func line() throws(ModelError) -> String {
        guard let end = bytes[place...].firstIndex(of: UInt8(ascii: "\n")) else { throw damaged("it ends too early") }
        let text = try text(end - place)
        place = end + 1
        return text
    }

    private func damaged(_ what: String) -> ModelError {
        ModelError(path: path, kind: .invalid, message: "the pickle in it cannot be read as a checkpoint: \(what)")
    }
}
