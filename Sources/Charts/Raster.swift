import Foundation

/// Draws shapes into pixels. A pixel is covered by the share of it that lies inside, to half a pixel.
struct Raster {
    let width: Int
    let height: Int
    /// Red, green and blue of each pixel, row by row from the top.
    private(set) var pixels: [UInt8]
    private let scale: Double
    private var isTouched = false

    /// A canvas in pixels, `scale` of them for each of its own.
    init(_ canvas: Canvas, scale: Double) {
        self.scale = scale
        width = Int((canvas.width * scale).rounded(.up))
        height = Int((canvas.height * scale).rounded(.up))
        pixels = Array(repeating: 255, count: 3 * width * height)
        for shape in canvas.shapes { draw(shape) }
    }

    private mutating func draw(_ shape: Canvas.Shape) {
        switch shape {
        case .rectangle(let origin, let width, let height, let fill, let radius):
            rectangle(origin, width, height, fill: fill, radius: radius)
        case .line(let start, let end, let color, let width, let dashes):
            for piece in Self.dashed(start, end, dashes) {
                // Half a pixel less at each end: a line of SVG has no round caps.
                stroke(piece.0, piece.1, color: color, width: width)
            }
        case .polyline(let points, let color, let width):
            for (start, end) in zip(points, points.dropFirst()) { stroke(start, end, color: color, width: width) }
        case .circle(let center, let radius, let fill, let rim):
            disc(center, radius: radius + 1, fill: rim)
            disc(center, radius: radius - 1, fill: fill)
        case .text(let text, let point, let size, let color, let anchor, let isBold):
            write(text, at: point, size: size, color: color, anchor: anchor, isBold: isBold)
        }
    }

    private mutating func rectangle(
        _ origin: Canvas.Point, _ width: Double, _ height: Double, fill: String, radius: Double
    ) {
        let middle = (x: origin.x + width / 2, y: origin.y + height / 2)
        let rounding = min(radius, width / 2, height / 2)
        // White on white is a page, and most of all pixels.
        if fill == Palette.paper, !isTouched { return }
        cover(origin, (origin.x + width, origin.y + height), fill) { point in
            let x = abs(point.x - middle.x) - width / 2 + rounding
            let y = abs(point.y - middle.y) - height / 2 + rounding
            let outside = (max(x, 0) * max(x, 0) + max(y, 0) * max(y, 0)).squareRoot()
            return outside + min(max(x, y), 0) - rounding
        }
    }

    private mutating func disc(_ center: Canvas.Point, radius: Double, fill: String) {
        cover((center.x - radius, center.y - radius), (center.x + radius, center.y + radius), fill) { point in
            hypot(point.x - center.x, point.y - center.y) - radius
        }
    }

    private mutating func stroke(_ start: Canvas.Point, _ end: Canvas.Point, color: String, width: Double) {
        let (dx, dy) = (end.x - start.x, end.y - start.y)
        let square = dx * dx + dy * dy
        let lowest = (x: min(start.x, end.x) - width / 2, y: min(start.y, end.y) - width / 2)
        let highest = (x: max(start.x, end.x) + width / 2, y: max(start.y, end.y) + width / 2)
        cover(lowest, highest, color) { point in
            let along = square > 0 ? ((point.x - start.x) * dx + (point.y - start.y) * dy) / square : 0
            let nearest = min(1, max(0, along))
            return hypot(point.x - start.x - nearest * dx, point.y - start.y - nearest * dy) - width / 2
        }
    }

    private mutating func write(
        _ text: String, at point: Canvas.Point, size: Double, color: String, anchor: Canvas.Anchor, isBold: Bool
    ) {
        let unit = size / StrokeFont.unitsPerSize
        let length = StrokeFont.width(text) * unit
        var x = point.x
        switch anchor {
        case .start: break
        case .middle: x -= length / 2
        case .end: x -= length
        }
        let thickness = size * (isBold ? 0.14 : 0.095)
        for scalar in text.unicodeScalars {
            let glyph = StrokeFont.glyph(scalar)
            for points in glyph.strokes {
                let placed = points.map { (x: x + ($0.x + 0.5) * unit, y: point.y - $0.y * unit) }
                for (start, end) in zip(placed, placed.dropFirst()) {
                    stroke(start, end, color: color, width: start == end ? thickness * 1.4 : thickness)
                }
            }
            x += glyph.advance * unit
        }
    }

    /// Blends a colour in between two corners, by the distance of each pixel from the shape's rim, negative inside.
    private mutating func cover(
        _ lowest: Canvas.Point, _ highest: Canvas.Point, _ color: String, _ distance: (Canvas.Point) -> Double
    ) {
        let corners = [lowest.x, lowest.y, highest.x, highest.y].map { $0 * scale }
        guard corners.allSatisfy({ $0.isFinite && abs($0) < 1e9 }) else { return }
        let paint = Self.components(color)
        let solid = paint.map { UInt8($0) }
        let rows = max(0, Int(corners[1]) - 1)..<max(max(0, Int(corners[1]) - 1), min(height, Int(corners[3]) + 2))
        let columns = max(0, Int(corners[0]) - 1)..<max(max(0, Int(corners[0]) - 1), min(width, Int(corners[2]) + 2))
        isTouched = true
        for row in rows {
            for column in columns {
                let point = (x: (Double(column) + 0.5) / scale, y: (Double(row) + 0.5) / scale)
                let share = min(1, max(0, 0.5 - distance(point) * scale))
                guard share > 0 else { continue }
                let place = 3 * (row * width + column)
                if share == 1 {
                    for part in 0..<3 { pixels[place + part] = solid[part] }
                    continue
                }
                for part in 0..<3 {
                    let old = Double(pixels[place + part])
                    pixels[place + part] = UInt8((old + share * (paint[part] - old)).rounded())
                }
            }
        }
    }

    /// Red, green and blue of `#rrggbb`.
    private static func components(_ color: String) -> [Double] {
        let number = Int(color.dropFirst(), radix: 16) ?? 0
        return [16, 8, 0].map { Double(number >> $0 & 0xFF) }
    }

    /// The pieces of a line that are drawn.
    private static func dashed(
        _ start: Canvas.Point, _ end: Canvas.Point, _ dashes: [Double]
    ) -> [(Canvas.Point, Canvas.Point)] {
        let length = hypot(end.x - start.x, end.y - start.y)
        guard let shortest = dashes.min(), shortest > 0, length.isFinite else { return [(start, end)] }
        func point(_ at: Double) -> Canvas.Point {
            (start.x + (end.x - start.x) * at / length, start.y + (end.y - start.y) * at / length)
        }
        var pieces: [(Canvas.Point, Canvas.Point)] = []
        var (place, turn) = (0.0, 0)
        while place < length {
            let next = min(length, place + dashes[turn % dashes.count])
            if turn.isMultiple(of: 2) { pieces.append((point(place), point(next))) }
            (place, turn) = (next, turn + 1)
        }
        return pieces
    }
}
