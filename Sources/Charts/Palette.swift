/// The colours of all pictures: dark enough on white to be read, distinguishable for people who see red and green
/// alike.
enum Palette {
    static let paper = "#ffffff"
    static let ink = "#1f2933"
    static let faint = "#616e7c"
    static let axis = "#9aa5b1"
    static let grid = "#e4e7eb"
    static let best = "#7b8794"
    static let training = "#52606d"
    static let validation = "#c2410c"
    static let exactMatch = "#0f766e"
    static let f1 = "#1d4ed8"
    static let bar = "#c7d7f5"
}
