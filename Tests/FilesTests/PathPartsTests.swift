import Files
import Testing

@Suite("The parts of a path")
struct PathPartsTests {
    @Test(
        "are those of dirname and basename, for paths of one character too",
        arguments: [
            ("a/b/c", "a/b", "c"), ("a/b/c/", "a/b", "c"), ("a", ".", "a"), ("-", ".", "-"), ("a/", ".", "a"),
            ("/a", "/", "a"), ("/", "/", ""), ("//", "/", ""), ("/a//b", "/a", "b"), ("//a", "/", "a"), ("", ".", ""),
            (".", ".", "."), ("é/日", "é", "日"), ("a.b/c.d", "a.b", "c.d"),
        ])
    func parts(path: String, parent: String, last: String) {
        #expect(PathParts.parent(of: path) == parent)
        #expect(PathParts.last(of: path) == last)
    }

    @Test("and of a file beside it")
    func siblings() {
        #expect(PathParts.sibling(of: "a/b/c", named: "x") == "a/b/x")
        #expect(PathParts.sibling(of: "/c", named: "x") == "/x")
        #expect(PathParts.sibling(of: "c", named: "x") == "x")
    }
}
