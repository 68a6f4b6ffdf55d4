/// A value in a pickle, as far as weights need it.
package indirect enum PickleValue: Sendable {
    case none
    case bool(Bool)
    case int(Int)
    case string(String)
    case tuple([PickleValue])
    case list([PickleValue])
    case dictionary([(key: PickleValue, value: PickleValue)])
    /// A name that Python would import. It stays a name.
    case global(String)
    case storage(Storage)
    case tensor(Tensor)
    /// A value that weights do not need.
    case other

    /// A block of numbers beside the pickle, or a part of one.
    package struct Storage: Sendable, Hashable {
        /// The name of the block.
        let key: String
        let elementType: ElementType
        /// The number of elements in the whole block.
        let count: Int
        /// The elements of the block that belong to this storage; all of them but in files of PyTorch 0.4 and earlier.
        let range: Range<Int>

        /// The bytes of the whole block.
        var byteCount: Int { count * width }

        /// The bytes of one element.
        var width: Int { elementType.bitCount / 8 }
    }

    /// A view of a storage.
    package struct Tensor: Sendable {
        let storage: Storage
        /// The first element, counted in elements from the start of the block.
        let offset: Int
        let shape: [Int]
        /// In elements.
        let strides: [Int]
    }

    var int: Int? { if case .int(let value) = self { value } else { nil } }
    var string: String? { if case .string(let value) = self { value } else { nil } }
    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    var tuple: [PickleValue]? { if case .tuple(let values) = self { values } else { nil } }
    var list: [PickleValue]? { if case .list(let values) = self { values } else { nil } }
    var dictionary: [(key: PickleValue, value: PickleValue)]? {
        if case .dictionary(let members) = self { members } else { nil }
    }
}

extension PickleValue.Storage {
    /// A storage as `torch.save` refers to it: `('storage', class, key, device, count)`, in the format before PyTorch
    /// 1.6 with a sixth element: `None`, or `(key, offset, count)` of a part of the block.
    ///
    /// - Returns: nil if a field is missing or is not a possible number.
    init?(_ fields: [PickleValue], elementType: ElementType) {
        guard fields.count >= 5, let key = fields[2].string, let count = fields[4].int, count >= 0,
            !count.multipliedReportingOverflow(by: 8).overflow
        else { return nil }
        switch fields.count > 5 ? fields[5] : .none {
        case .none:
            self.init(key: key, elementType: elementType, count: count, range: 0..<count)
        case .tuple(let view):
            guard view.count == 3, let offset = view[1].int, let part = view[2].int,
                (0...count).contains(offset), (0...(count - offset)).contains(part)
            else { return nil }
            self.init(key: key, elementType: elementType, count: count, range: offset..<(offset + part))
        default: return nil
        }
    }
}

extension PickleValue.Tensor {
    /// A tensor from the arguments of `torch._utils._rebuild_tensor_v2`: storage, offset, shape, strides, and others
    /// that only training needs.
    ///
    /// - Returns: nil if it reaches beyond its storage, or has more elements than it.
    init?(_ arguments: [PickleValue]) {
        guard arguments.count >= 4, case .storage(let storage) = arguments[0], let offset = arguments[1].int,
            let shape = Self.numbers(arguments[2]), let strides = Self.numbers(arguments[3]),
            shape.count == strides.count, offset >= 0
        else { return nil }
        var (last, count) = (offset, 1)
        for (size, stride) in zip(shape, strides) {
            let (product, tooMany) = count.multipliedReportingOverflow(by: size)
            let (span, tooFar) = max(0, size - 1).multipliedReportingOverflow(by: stride)
            let (end, beyond) = last.addingReportingOverflow(span)
            guard !tooMany, !tooFar, !beyond else { return nil }
            (count, last) = (product, end)
        }
        guard count == 0 || last < storage.range.count, count <= storage.range.count else { return nil }
        // An offset of a tensor without elements means nothing, and may be any number.
        let first = count == 0 ? 0 : storage.range.lowerBound + offset
        self.init(storage: storage, offset: first, shape: shape, strides: strides)
    }

    /// A tuple of up to eight numbers that are not negative.
    private static func numbers(_ value: PickleValue) -> [Int]? {
        guard let tuple = value.tuple, tuple.count <= 8 else { return nil }
        let numbers = tuple.compactMap(\.int)
        return numbers.count == tuple.count && numbers.allSatisfy { $0 >= 0 } ? numbers : nil
    }

    /// Whether the elements are one behind the other in the storage.
    var isContiguous: Bool {
        var expected = 1
        for (size, stride) in zip(shape, strides).reversed() where size != 1 {
            if stride != expected { return false }
            expected *= size
        }
        return true
    }

    /// The number of elements.
    var count: Int { shape.reduce(1, *) }

    /// The bytes of its elements.
    var byteCount: Int { count * storage.width }

    /// Copies the elements, row-major, from the bytes of the whole block to `target` of `byteCount` bytes.
    func copyBytes(from block: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer) {
        guard count > 0 else { return }
        let width = storage.width
        if isContiguous {
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: block[(offset * width)...].prefix(byteCount)))
            return
        }
        var index = Array(repeating: 0, count: shape.count)
        for place in 0..<count {
            let element = offset + zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }
            for byte in 0..<width { target[place * width + byte] = block[element * width + byte] }
            advance(&index)
        }
    }

    /// Moves an index to the next element, the last dimension first.
    private func advance(_ index: inout [Int]) {
        for dimension in index.indices.reversed() {
            index[dimension] += 1
            if index[dimension] < shape[dimension] { return }
            index[dimension] = 0
        }
    }
}
