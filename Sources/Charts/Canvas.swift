/// A drawing, kept as a list of shapes, that becomes an SVG or a PNG file. Lengths are in pixels, y grows downwards.
struct Canvas {
    let width: Double
    let height: Double
    private(set) var shapes: [Shape] = []

    typealias Point = (x: Double, y: Double)

    /// How a text stands to its point.
    enum Anchor: String {
        case start, middle, end
    }

    enum Shape {
        case rectangle(origin: Point, width: Double, height: Double, fill: String, radius: Double)
        case line(from: Point, to: Point, color: String, width: Double, dashes: [Double])
        case polyline([Point], color: String, width: Double)
        case circle(center: Point, radius: Double, fill: String, stroke: String)
        case text(String, at: Point, size: Double, color: String, anchor: Anchor, isBold: Bool)
    }

    init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }

    mutating func rectangle(x: Double, y: Double, width: Double, height: Double, fill: String, radius: Double = 0) {
        shapes.append(.rectangle(origin: (x, y), width: width, height: height, fill: fill, radius: radius))
    }

    /// - Parameter dashes: lengths of dash and gap in turn; empty for a whole line.
    mutating func line(
        from start: Point, to end: Point, color: String, width: Double = 1, dashes: [Double] = []
    ) {
        shapes.append(.line(from: start, to: end, color: color, width: width, dashes: dashes))
    }

    mutating func polyline(_ points: [Point], color: String, width: Double) {
        shapes.append(.polyline(points, color: color, width: width))
    }

    /// A circle whose rim is two pixels wide.
    mutating func circle(center: Point, radius: Double, fill: String, stroke: String) {
        shapes.append(.circle(center: center, radius: radius, fill: fill, stroke: stroke))
    }

    mutating func text(
        _ text: String, at point: Point, size: Double, color: String, anchor: Anchor = .start, isBold: Bool = false
    ) {
        shapes.append(.text(text, at: point, size: size, color: color, anchor: anchor, isBold: isBold))
    }
}
