/// What a pickle holds, as far as weights need it.
package indirect enum PickleValue: Sendable {
    case none
    case bool(Bool)
    case int(Int)
    case string(String)
    case tuple([PickleValue])
    case dictionary([(key: PickleValue, value: PickleValue)])
    /// A name that Python would import. It stays a name.
    case global(String)
    case storage(Storage)
    case tensor(Tensor)
    /// Anything that weights have no use for.
    case other

    /// Numbers in an entry of the archive.
    package struct Storage: Sendable, Hashable {
        /// The entry's name behind `data/`.
        let key: String
        let elementType: ElementType
        /// The number of elements.
        let count: Int
    }

    /// A view of a storage.
    package struct Tensor: Sendable {
        let storage: Storage
        /// In elements.
        let offset: Int
        let shape: [Int]
        /// In elements.
        let strides: [Int]
    }

    var int: Int? { if case .int(let value) = self { value } else { nil } }
    var string: String? { if case .string(let value) = self { value } else { nil } }
    var tuple: [PickleValue]? { if case .tuple(let values) = self { values } else { nil } }
}

extension PickleValue.Tensor {
    /// A tensor as `torch._utils._rebuild_tensor_v2` gets it: storage, offset, shape, strides, and what training needs.
    ///
    /// - Returns: nil if it reaches beyond its storage, or shows elements of it twice.
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
        guard count == 0 || last < storage.count, count <= storage.count else { return nil }
        self.init(storage: storage, offset: offset, shape: shape, strides: strides)
    }

    /// A tuple of a few numbers that are not negative.
    private static func numbers(_ value: PickleValue) -> [Int]? {
        guard let tuple = value.tuple, tuple.count <= 8 else { return nil }
        let numbers = tuple.compactMap(\.int)
        return numbers.count == tuple.count && numbers.allSatisfy { $0 >= 0 } ? numbers : nil
    }

    /// Whether the elements lie one behind the other.
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
}
