import Foundation

/// Logits of several models as if one model had computed them.
package enum LogitAverage {
    /// Logits whose softmax over the tokens of a row's text is the mean of the models' softmaxes over them.
    ///
    /// Compared with other windows of the text, a window weighs as much as its models say on average: the logarithm of
    /// its sum of exponentials is the mean of theirs.
    ///
    /// - Parameters:
    ///   - logits: of each model, start and end logit of each token of the rows, alternating.
    ///   - rows: the rows, one after another.
    package static func of(_ logits: [[Float]], rows: [Feature]) -> [Float] {
        var result = [Float](repeating: 0, count: logits[0].count)
        var start = 0
        for row in rows {
            let context = (start + row.contextStart)..<(start + row.contextStart + row.window.count)
            for column in 0..<2 {
                let sums = logits.map { logits in
                    var sum = LogSumExp()
                    for token in context { sum.add(logits[2 * token + column]) }
                    return sum.value
                }
                let weight = sums.reduce(0, +) / Float(sums.count)
                for token in start..<(start + row.length) {
                    var sum = LogSumExp()
                    for (model, total) in zip(logits, sums) { sum.add(model[2 * token + column] - total) }
                    result[2 * token + column] = sum.value - log(Float(sums.count)) + weight
                }
            }
            start += row.length
        }
        return result
    }
}
