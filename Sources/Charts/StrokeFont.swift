/// A font of lines, drawn for this project, so that pictures need no fonts of the system: ASCII, with a box for the
/// rest.
///
/// A glyph is a list of strokes. A stroke is pairs of a digit, the column, and a letter, the row: `c` is the baseline,
/// `h` the height of small letters, `j` that of capitals, `a` two rows below the baseline.
enum StrokeFont {
    /// A glyph in rows and columns.
    struct Glyph {
        /// Where the next one begins.
        let advance: Double
        let strokes: [[Canvas.Point]]
    }

    /// Rows of the height of capitals; a font of size 12 has capitals of 8.6 pixels.
    static let unitsPerSize = 7 / 0.72

    /// The width of a text in columns.
    static func width(_ text: String) -> Double {
        text.unicodeScalars.reduce(0) { $0 + glyph($1).advance }
    }

    static func glyph(_ scalar: Unicode.Scalar) -> Glyph { glyphs[scalar] ?? unknown }

    private static let unknown = parsed("0c0j3j3c0c")

    private static let glyphs: [Unicode.Scalar: Glyph] = {
        var result: [Unicode.Scalar: Glyph] = [" ": Glyph(advance: 3, strokes: [])]
        for line in shapes.split(separator: "\n") {
            guard let first = line.unicodeScalars.first else { continue }
            result[first] = parsed(line.dropFirst(2))
        }
        return result
    }()

    private static func parsed(_ text: Substring) -> Glyph { parsed(String(text)) }

    private static func parsed(_ text: String) -> Glyph {
        let strokes = text.split(separator: " ").map { stroke in
            let bytes = Array(stroke.utf8)
            return Swift.stride(from: 0, to: bytes.count - 1, by: 2).map { index in
                (x: Double(bytes[index]) - 48, y: Double(bytes[index + 1]) - 99)
            }
        }
        return Glyph(advance: (strokes.joined().map(\.x).max() ?? 0) + 2, strokes: strokes)
    }

    private static let shapes = """
        A 0c2j4c 1e3e
        B 0c0j3j4i4h3g0g 3g4f4d3c0c
        C 4i3j1j0i0d1c3c4d
        D 0c0j2j4h4e2c0c
        E 4c0c0j4j 0g3g
        F 0c0j4j 0g3g
        G 4i3j1j0i0d1c3c4d4f2f
        H 0c0j 4c4j 0g4g
        I 0c2c 1c1j 0j2j
        J 0d1c2c3d3j
        K 0c0j 4j0f 1g4c
        L 0j0c4c
        M 0c0j2f4j4c
        N 0c0j4c4j
        O 1c0d0i1j3j4i4d3c1c
        P 0c0j3j4i4g3f0f
        Q 1c0d0i1j3j4i4d3c1c 2e4c
        R 0c0j3j4i4g3f0f 2f4c
        S 4i3j1j0i0h1g3g4f4d3c1c0d
        T 2c2j 0j4j
        U 0j0d1c3c4d4j
        V 0j2c4j
        W 0j1c2h3c4j
        X 0c4j 0j4c
        Y 0j2g4j 2g2c
        Z 0j4j0c4c
        a 3h3c 3g2h1h0g0d1c2c3d
        b 0j0c 0g1h2h3g3d2c1c0d
        c 3g2h1h0g0d1c2c3d
        d 3j3c 3g2h1h0g0d1c2c3d
        e 0f3f3g2h1h0g0d1c2c3d
        f 1c1i2j3j 0h2h
        g 3h3b2a1a0b 3g2h1h0g0d1c2c3d
        h 0j0c 0g1h2h3g3c
        i 0c0h 0j0j
        j 1h1b0a 1j1j
        k 0j0c 3h0e 1f3c
        l 0j0d1c
        m 0c0h 0g1h2g2c 2g3h4g4c
        n 0h0c 0g1h2h3g3c
        o 1c0d0g1h2h3g3d2c1c
        p 0h0a 0g1h2h3g3d2c1c0d
        q 3h3a 3g2h1h0g0d1c2c3d
        r 0h0c 0g1h2h
        s 3g2h1h0g1f2f3e3d2c1c0d
        t 1j1d2c3c 0h3h
        u 0h0d1c2c3d 3h3c
        v 0h2c4h
        w 0h1c2g3c4h
        x 0c3h 0h3c
        y 0h2c 4h1a0a
        z 0h3h0c3c
        0 1c0d0i1j2j3i3d2c1c
        1 0i2j2c 1c3c
        2 0i1j2j3i3h0c3c
        3 0i1j2j3i3h2g1g 2g3f3d2c1c0d
        4 3e0e2j2c
        5 3j0j0g2g3f3d2c0c
        6 3i2j1j0i0d1c2c3d3f2g1g0f
        7 0j3j1c
        8 1g0h0i1j2j3i3h2g1g0f0d1c2c3d3f2g
        9 0d1c2c3d3i2j1j0i0g1f2f3g
        . 0c0c
        , 1d0b
        : 0c0c 0g0g
        ; 1d0b 1g1g
        - 0f3f
        + 0f4f 2d2h
        % 0c4j 0j1j1i0i0j 3d4d4c3c3d
        ( 1j0h0e1c
        ) 0j1h1e0c
        / 0c3j
        = 0e3e 0g3g
        _ 0b4b
        ' 0j0h
        " 0j0h 2j2h
        ! 0j0f 0c0c
        ? 0i1j2j3i3h1f1e 1c1c
        < 3h0f3d
        > 0h3f0d
        [ 1j0j0c1c
        ] 0j1j1c0c
        | 0j0b
        * 0d4h 0h4d
        """
}
