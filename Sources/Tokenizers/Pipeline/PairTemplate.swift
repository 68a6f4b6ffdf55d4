/// The tokens that stand around one text and around a pair, with their segments: `[CLS] A [SEP] B [SEP]` of BERT,
/// `<s> A </s></s> B </s>` of RoBERTa.
package struct PairTemplate: Sendable, Hashable {
    /// A token of the template.
    package struct Special: Sendable, Hashable {
        /// How it is spelled.
        package let token: String
        /// Its id.
        package let id: Int32
        /// Its segment.
        package var type: Int32

        /// A token of a template.
        package init(token: String, id: Int32, type: Int32) {
            (self.token, self.id, self.type) = (token, id, type)
        }

        /// A token of segment 0.
        init(_ token: (String, Int32)) { self.init(token: token.0, id: token.1, type: 0) }
    }

    /// Before a single text.
    package var singleHead: [Special]
    /// Behind a single text.
    package var singleTail: [Special]
    /// The segment of a single text.
    package var singleType: Int32 = 0
    /// Before the first text of a pair; there is at least one, which stands for "no answer".
    package var head: [Special]
    /// Between the texts.
    package var middle: [Special]
    /// Behind the second text.
    package var tail: [Special]
    /// The segment of the first text.
    package var firstType: Int32 = 0
    /// The segment of the second text.
    package var secondType: Int32

    /// A template of the same tokens around a single text as around a pair.
    ///
    /// - Parameters:
    ///   - head: before the first text.
    ///   - middle: between the texts.
    ///   - tail: behind the second text, and in segment 0 behind a single one.
    ///   - secondType: the segment of the second text.
    package init(head: [Special], middle: [Special], tail: [Special], secondType: Int32) {
        (self.head, self.middle, self.tail, self.secondType) = (head, middle, tail, secondType)
        singleHead = head
        singleTail = tail.map { Special(token: $0.token, id: $0.id, type: 0) }
    }

    /// BERT's template: `[CLS] A [SEP] B [SEP]`.
    static func bert(cls: (String, Int32), sep: (String, Int32)) -> PairTemplate {
        let (first, last) = (Special(cls), Special(sep))
        return PairTemplate(
            head: [first], middle: [last], tail: [Special(token: sep.0, id: sep.1, type: 1)], secondType: 1)
    }

    /// RoBERTa's template: `<s> A </s></s> B </s>`, all of one segment.
    static func roberta(cls: (String, Int32), sep: (String, Int32)) -> PairTemplate {
        let (first, last) = (Special(cls), Special(sep))
        return PairTemplate(head: [first], middle: [last, last], tail: [last], secondType: 0)
    }

    /// All tokens of the template.
    package var tokens: [Special] { singleHead + singleTail + head + middle + tail }

    /// The token before the first text, which stands for "no answer", and the one that ends a row.
    var roles: (cls: String, sep: String) { (head.first?.token ?? "", tail.last?.token ?? "") }

    /// Compares the ids with those of a vocabulary.
    ///
    /// - Throws: `TokenizerError` (`.vocabulary`) if one differs or is not there.
    func checkIDs(in vocabulary: Vocabulary) throws(TokenizerError) {
        for special in tokens {
            guard let own = vocabulary.id(of: special.token) else {
                throw TokenizerError(
                    .vocabulary, "the vocabulary has no \(special.token) token, which its post_processor names")
            }
            if own == special.id { continue }
            throw TokenizerError(
                .vocabulary,
                "its post_processor has the id \(special.id) for \(special.token), but the vocabulary has \(own)")
        }
    }

    /// The number of tokens around a single text.
    package var singleCount: Int { singleHead.count + singleTail.count }

    /// The number of tokens around a pair: 3 for BERT, 4 for RoBERTa.
    package var pairCount: Int { layout.count }

    /// How many tokens stand where in a pair.
    package var layout: PairLayout { PairLayout(head: head.count, middle: middle.count, tail: tail.count) }

    /// Appends the ids and the segments of a pair.
    package func append(
        _ first: some Collection<Int32>, _ second: some Collection<Int32>, ids: inout [Int64], types: inout [Int64]
    ) {
        ids.append(contentsOf: head.lazy.map { Int64($0.id) })
        ids.append(contentsOf: first.lazy.map(Int64.init))
        ids.append(contentsOf: middle.lazy.map { Int64($0.id) })
        ids.append(contentsOf: second.lazy.map(Int64.init))
        ids.append(contentsOf: tail.lazy.map { Int64($0.id) })
        types.append(contentsOf: head.lazy.map { Int64($0.type) })
        types.append(contentsOf: repeatElement(Int64(firstType), count: first.count))
        types.append(contentsOf: middle.lazy.map { Int64($0.type) })
        types.append(contentsOf: repeatElement(Int64(secondType), count: second.count))
        types.append(contentsOf: tail.lazy.map { Int64($0.type) })
    }

    /// Puts the second text and what stands behind it into another segment; with 0 everything, for a model that has
    /// only one.
    mutating func setSecondType(_ type: Int32) {
        secondType = type
        for index in tail.indices { tail[index].type = type }
        guard type == 0 else { return }
        (singleType, firstType) = (0, 0)
        for index in singleHead.indices { singleHead[index].type = 0 }
        for index in singleTail.indices { singleTail[index].type = 0 }
        for index in head.indices { head[index].type = 0 }
        for index in middle.indices { middle[index].type = 0 }
    }
}

/// How many special tokens stand before, between and behind the texts of a pair.
package struct PairLayout: Sendable, Hashable {
    /// Before the first text; the first of them is where "no answer" is predicted.
    package let head: Int
    /// Between the texts.
    package let middle: Int
    /// Behind the second text.
    package let tail: Int

    /// All of them.
    package var count: Int { head + middle + tail }

    /// Where the second text begins if the first one has so many tokens.
    package func secondStart(first count: Int) -> Int { head + count + middle }
}
