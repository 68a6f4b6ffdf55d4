/// `NFC`, `NFD`, `NFKC` and `NFKD`: Unicode's normalisation forms, with the positions that the library gives them.
///
/// - Source: `unicode-normalization-alignments`, which tokenizers 0.23.1 uses: each scalar of the result says whether
///   it takes the place of a scalar of the text, is additional, or takes the place of several.
struct NormalisationForm: NormaliserStep {
    /// Whether characters for compatibility become the plain ones: `NFKC`, `NFKD`.
    let isCompatible: Bool
    /// Whether what can be one scalar is composed: `NFC`, `NFKC`.
    let composes: Bool

    private struct Item {
        var scalar: UInt32
        /// The canonical combining class.
        let order: UInt8
        /// 0: takes the place of one scalar; 1: additional; -n: takes the place of n more scalars.
        var change: Int
    }

    func apply(_ input: NormalisedText, into output: NormalisedText) -> Bool {
        if input.isASCII { return false }
        var items = decomposed(input)
        if composes { items = composed(items) }
        var writer = ScalarWriter(input, output)
        for item in items { writer.put(item.scalar, change: item.change) }
        return true
    }

    /// The decomposed scalars, marks in canonical order.
    private func decomposed(_ input: NormalisedText) -> [Item] {
        let (table, forms) = (UnicodeTable.shared, NormalisationTable.shared)
        var items: [Item] = []
        items.reserveCapacity(input.count)
        var firstMark = 0
        input.forEachScalar(in: 0..<input.count) { scalar, _, _ in
            var change = 0
            forms.decompose(scalar, compatibly: isCompatible) { part in
                let order = table.order(part)
                if order == 0 {
                    Self.sort(&items, from: firstMark)
                    firstMark = items.count + 1
                }
                items.append(Item(scalar: part, order: order, change: change))
                change = 1
            }
        }
        Self.sort(&items, from: firstMark)
        return items
    }

    /// Sorts the marks at the end by their combining class, those of one class in the order of the text.
    private static func sort(_ items: inout [Item], from first: Int) {
        guard items.count > first + 1 else { return }
        let sorted = items[first...].enumerated().sorted {
            ($0.element.order, $0.offset) < ($1.element.order, $1.offset)
        }
        items.replaceSubrange(first..., with: sorted.map(\.element))
    }

    /// Joins starters with what follows them, unless a mark between them is in the way.
    private func composed(_ items: [Item]) -> [Item] {
        var result: [Item] = []
        result.reserveCapacity(items.count)
        var starter: Int?
        var lastOrder: UInt8?
        for item in items {
            if let starter, lastOrder.map({ $0 < item.order }) ?? true,
                let whole = NormalisationTable.shared.compose(result[starter].scalar, item.scalar)
            {
                result[starter].scalar = whole
                result[starter].change += item.change - 1
                continue
            }
            if item.order == 0 {
                (starter, lastOrder) = (result.count, nil)
            } else if starter != nil {
                lastOrder = item.order
            }
            result.append(item)
        }
        return result
    }
}

/// Writes the scalars of a changed text with source positions, given how many scalars of the old text each replaces.
///
/// - Source: `NormalizedString::transform_range` of tokenizers 0.23.1 (`tokenizers/src/tokenizer/normalizer.rs`).
struct ScalarWriter {
    private let input: NormalisedText
    private let output: NormalisedText
    private var position = 0
    /// The source of the scalar before `position`.
    private var last: Range<Int32>

    init(_ input: NormalisedText, _ output: NormalisedText) {
        (self.input, self.output) = (input, output)
        last = input.base..<input.base
        output.reset(base: Int(input.base), reserving: input.count + 16)
        output.leaveIdentity()
    }

    /// Appends a scalar that takes the place of the next one (0), is additional and has the source of the one before it
    /// (1), or takes the place of the next one and of n more (-n).
    mutating func put(_ scalar: UInt32, change: Int) {
        guard change <= 0 else { return output.append(scalar: scalar, last.lowerBound, last.upperBound) }
        advance()
        output.append(scalar: scalar, last.lowerBound, last.upperBound)
        for _ in 0..<(-change) { advance() }
    }

    private mutating func advance() {
        guard position < input.count else { return }
        let next = UTF8Scalars.decode(UnsafePointer(input.bytes), position).next
        last = input.source(position, next)
        position = next
    }
}
