/// A drawing that becomes the text of an SVG file. Lengths are in pixels, y grows downwards.
struct SVGCanvas {
    private let width: Double
    private let height: Double
    private var elements: [String] = []

    /// How a text stands to its point.
    enum Anchor: String {
        case start, middle, end
    }

    init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }

    mutating func rectangle(x: Double, y: Double, width: Double, height: Double, fill: String, radius: Double = 0) {
        elements.append(
            "<rect x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"\(Self.number(width))\""
                + " height=\"\(Self.number(height))\" rx=\"\(Self.number(radius))\" fill=\"\(fill)\"/>")
    }

    mutating func line(
        from start: (x: Double, y: Double), to end: (x: Double, y: Double), color: String, width: Double = 1,
        dashes: String? = nil
    ) {
        elements.append(
            "<line x1=\"\(Self.number(start.x))\" y1=\"\(Self.number(start.y))\" x2=\"\(Self.number(end.x))\""
                + " y2=\"\(Self.number(end.y))\" stroke=\"\(color)\" stroke-width=\"\(Self.number(width))\""
                + (dashes.map { " stroke-dasharray=\"\($0)\"" } ?? "") + "/>")
    }

    mutating func polyline(_ points: [(x: Double, y: Double)], color: String, width: Double) {
        let list = points.map { "\(Self.number($0.x)),\(Self.number($0.y))" }.joined(separator: " ")
        elements.append(
            "<polyline points=\"\(list)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"\(Self.number(width))\""
                + " stroke-linejoin=\"round\" stroke-linecap=\"round\"/>")
    }

    mutating func circle(center: (x: Double, y: Double), radius: Double, fill: String, stroke: String) {
        elements.append(
            "<circle cx=\"\(Self.number(center.x))\" cy=\"\(Self.number(center.y))\" r=\"\(Self.number(radius))\""
                + " fill=\"\(fill)\" stroke=\"\(stroke)\" stroke-width=\"2\"/>")
    }

    mutating func text(
        _ text: String, at point: (x: Double, y: Double), size: Double, color: String, anchor: Anchor = .start,
        isBold: Bool = false
    ) {
        elements.append(
            "<text x=\"\(Self.number(point.x))\" y=\"\(Self.number(point.y))\" font-size=\"\(Self.number(size))\""
                + " fill=\"\(color)\" text-anchor=\"\(anchor.rawValue)\"" + (isBold ? " font-weight=\"600\"" : "")
                + ">\(Self.escaped(text))</text>")
    }

    /// The SVG document. The title and the description are for those who hear the picture instead of seeing it.
    func document(title: String, description: String) -> String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.number(width)) \(Self.number(height))" \
        width="\(Self.number(width))" height="\(Self.number(height))" role="img" \
        font-family="system-ui, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif">
        <title>\(Self.escaped(title))</title>
        <desc>\(Self.escaped(description))</desc>
        \(elements.joined(separator: "\n"))
        </svg>

        """
    }

    /// At most two digits behind the point; a number that is not finite becomes 0, which a viewer can draw.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let rounded = (value * 100).rounded() / 100
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
    }

    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
