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

    /// BERT's template.
    static func bert(cls: (String, Int32), sep: (String, Int32)) -> PairTemplate {
        PairTemplate(
            head: [Special(token: cls.0, id: cls.1, type: 0)], middle: [Special(token: sep.0, id: sep.1, type: 0)],
            tail: [Special(token: sep.0, id: sep.1, type: 1)], secondType: 1)
    }

    /// The number of tokens around a single text.
    package var singleCount: Int { singleHead.count + singleTail.count }

    /// The number of tokens around a pair: 3 for BERT, 4 for RoBERTa.
    package var pairCount: Int { head.count + middle.count + tail.count }

    /// Where the second text of a pair begins whose first text has so many tokens.
    package func secondStart(first count: Int) -> Int { head.count + count + middle.count }

    /// Puts the second text and what stands behind it into another segment: 0 for a model that has only one.
    mutating func setSecondType(_ type: Int32) {
        secondType = type
        for index in tail.indices { tail[index].type = type }
    }
}
