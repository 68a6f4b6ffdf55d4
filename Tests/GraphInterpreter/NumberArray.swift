/// Numbers with a shape, row-major: what a graph's values are here, whatever their element type.
package struct NumberArray: Sendable, Equatable {
    /// The dimensions, outermost first; empty for a scalar.
    package var shape: [Int]
    /// The numbers.
    package var numbers: [Double]

    /// Numbers of a shape.
    package init(_ shape: [Int], _ numbers: [Double]) {
        precondition(shape.reduce(1, *) == numbers.count, "\(numbers.count) numbers cannot have the shape \(shape)")
        (self.shape, self.numbers) = (shape, numbers)
    }

    /// The whole numbers that these are.
    var integers: [Int] { numbers.map { Int($0) } }

    func map(_ body: (Double) -> Double) -> NumberArray { NumberArray(shape, numbers.map(body)) }

    /// The length of the last dimension.
    package var width: Int { shape.last ?? 1 }

    /// Each run of the last dimension by itself.
    func mapRows(_ body: (ArraySlice<Double>) -> [Double]) -> NumberArray {
        NumberArray(
            shape,
            stride(from: 0, to: numbers.count, by: width).flatMap { body(numbers[$0..<($0 + width)]) })
    }

    /// Dimensions in another order.
    func transposed(_ order: [Int]) -> NumberArray {
        let strides = Self.strides(shape)
        let shape = order.map { self.shape[$0] }
        let moves = order.map { strides[$0] }
        return NumberArray(shape, Self.places(shape, moves).map { numbers[$0] })
    }

    /// Two arrays, number by number, dimensions of 1 repeated.
    static func combined(_ one: Self, _ other: Self, _ body: (Double, Double) -> Double) -> Self {
        let shape = broadcast(one.shape, other.shape)
        let (left, right) = (places(shape, moves(one.shape, to: shape)), places(shape, moves(other.shape, to: shape)))
        return NumberArray(shape, zip(left, right).map { body(one.numbers[$0], other.numbers[$1]) })
    }

    /// Matrix products over the last two dimensions.
    static func product(_ one: Self, _ other: Self) -> Self {
        let (rows, inner) = (one.shape[one.shape.count - 2], one.width)
        let columns = other.width
        precondition(other.shape[other.shape.count - 2] == inner, "\(one.shape) times \(other.shape)")
        let (left, right) = (Array(one.shape.dropLast(2)), Array(other.shape.dropLast(2)))
        let batches = broadcast(left, right)
        let starts = zip(places(batches, moves(left, to: batches)), places(batches, moves(right, to: batches)))
        var numbers: [Double] = []
        for (a, b) in starts {
            for row in 0..<rows {
                for column in 0..<columns {
                    var sum = 0.0
                    for index in 0..<inner {
                        sum +=
                            one.numbers[(a * rows + row) * inner + index]
                            * other.numbers[(b * inner + index) * columns + column]
                    }
                    numbers.append(sum)
                }
            }
        }
        return NumberArray(batches + [rows, columns], numbers)
    }

    private static func broadcast(_ one: [Int], _ other: [Int]) -> [Int] {
        let count = max(one.count, other.count)
        let ones = { (shape: [Int]) in Array(repeating: 1, count: count - shape.count) + shape }
        return zip(ones(one), ones(other)).map { a, b in
            precondition(a == b || a == 1 || b == 1, "\(one) and \(other) cannot be combined")
            return a == 1 ? b : a
        }
    }

    private static func strides(_ shape: [Int]) -> [Int] {
        shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
    }

    /// How far each dimension of `shape` moves in an array that is broadcast to it.
    private static func moves(_ own: [Int], to shape: [Int]) -> [Int] {
        let own = Array(repeating: 1, count: shape.count - own.count) + own
        return zip(own, strides(own)).map { $0 == 1 ? 0 : $1 }
    }

    /// The places of all elements of a shape, where dimensions move by so many places.
    private static func places(_ shape: [Int], _ moves: [Int]) -> [Int] {
        var places = [0]
        for (length, move) in zip(shape, moves) {
            places = places.flatMap { place in (0..<length).map { place + $0 * move } }
        }
        return places
    }
}
