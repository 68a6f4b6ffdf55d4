/// Writes drawings as SVG.
package enum SVG {
    /// The document. The title and the description are for those who hear the picture instead of seeing it.
    static func document(_ canvas: Canvas, title: String, description: String) -> String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(number(canvas.width)) \(number(canvas.height))" \
        width="\(number(canvas.width))" height="\(number(canvas.height))" role="img" \
        font-family="system-ui, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif">
        <title>\(escaped(title))</title>
        <desc>\(escaped(description))</desc>
        \(canvas.shapes.map(element).joined(separator: "\n"))
        </svg>

        """
    }

    private static func element(_ shape: Canvas.Shape) -> String {
        switch shape {
        case .rectangle(let origin, let width, let height, let fill, let radius):
            "<rect x=\"\(number(origin.x))\" y=\"\(number(origin.y))\" width=\"\(number(width))\""
                + " height=\"\(number(height))\" rx=\"\(number(radius))\" fill=\"\(fill)\"/>"
        case .line(let start, let end, let color, let width, let dashes):
            "<line x1=\"\(number(start.x))\" y1=\"\(number(start.y))\" x2=\"\(number(end.x))\""
                + " y2=\"\(number(end.y))\" stroke=\"\(color)\" stroke-width=\"\(number(width))\""
                + (dashes.isEmpty
                    ? "" : " stroke-dasharray=\"\(dashes.map(number).joined(separator: " "))\"") + "/>"
        case .polyline(let points, let color, let width):
            "<polyline points=\"\(points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " "))\""
                + " fill=\"none\" stroke=\"\(color)\" stroke-width=\"\(number(width))\""
                + " stroke-linejoin=\"round\" stroke-linecap=\"round\"/>"
        case .circle(let center, let radius, let fill, let stroke):
            "<circle cx=\"\(number(center.x))\" cy=\"\(number(center.y))\" r=\"\(number(radius))\""
                + " fill=\"\(fill)\" stroke=\"\(stroke)\" stroke-width=\"2\"/>"
        case .text(let text, let point, let size, let color, let anchor, let isBold):
            "<text x=\"\(number(point.x))\" y=\"\(number(point.y))\" font-size=\"\(number(size))\""
                + " fill=\"\(color)\" text-anchor=\"\(anchor.rawValue)\"" + (isBold ? " font-weight=\"600\"" : "")
                + ">\(escaped(text))</text>"
        }
    }

    /// At most two digits behind the point; a number that is not finite becomes 0, which a viewer can draw.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let rounded = (value * 100).rounded() / 100
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
    }

    /// A text whose characters with a meaning in XML and HTML are replaced.
    package static func escaped(_ text: String) -> String {
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
