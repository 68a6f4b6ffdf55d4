import Folders
import Testing

@Suite("The visible text of HTML pages")
struct HTMLTests {
    @Test(
        "elements begin words, lines and paragraphs, and white space is one blank",
        arguments: [
            ("<p>One  two\n three<p>Four", "One two three\n\nFour"),
            ("a<br>b<br/>c", "a\nb\nc"),
            ("<ul><li>x<li>y</ul>z", "x\ny\n\nz"),
            ("<table><tr><td>Paris<td>1889</tr><tr><td>Rome</table>", "Paris 1889\nRome"),
            ("so <b>bo</b>ld, <i> it </i>alic", "so bold, it alic"),
            ("<pre>a\n  b\tc</pre>d", "a\n  b\tc\n\nd"),
            ("no tags at all", "no tags at all"), ("", ""),
            ("<div>a</div><div>b</div>", "a\nb"),
        ])
    func layout(page: String, expected: String) {
        #expect(HTMLPage.read(page).text == expected)
    }

    @Test(
        "what is not shown is not text",
        arguments: [
            ("a<script>if (x < 1) { y = '</p>' }</script>b", "ab"),
            ("a<STYLE>p > b { }</Style >b", "ab"),
            ("a<script>never closed <p>b", "a"),
            ("a<script></scripts>b</script\n>c", "ac"),
            ("a<!-- <p>b</p> -->c", "ac"), ("a<!-->c", "ac"), ("a<!-- never closed", "a"),
            ("a<div hidden>b<div>c</div>d</div>e", "ae"),
            ("a<p style='color:red; DISPLAY : none'>b<p>c", "a\n\nc"),
            ("<ul><li>a<li hidden>b<li>c</ul>", "a\nc"),
            ("a<svg><title>t</title><text>b</text></svg>c", "ac"),
            ("a<template><p>b</template>c", "ac"), ("a<noscript>b</noscript>c", "ac"),
            ("<!doctype html><?xml version='1.0'?>a</>b", "ab"),
            ("<img alt=\"a > b\">c", "c"), ("a<input hidden>b", "ab"), ("a<b", "a"), ("a<b class=\"x", "a"),
        ])
    func unseen(page: String, expected: String) {
        #expect(HTMLPage.read(page).text == expected)
    }

    /// Expected: Python's `html.unescape` for all but the no-break space and the soft hyphen, which are read as a blank
    /// and as nothing.
    @Test(
        "character references are decoded as browsers do",
        arguments: [
            ("caf&eacute; &amp; th&#233; &#xE9;", "café & thé é"), ("&lt;p&gt;", "<p>"),
            ("a&nbsp;b\u{A0}c", "a b c"), ("co&shy;op\u{AD}t", "coopt"), ("&notit; &notin; &not", "¬it; ∉ ¬"),
            ("&unknown; &;", "&unknown; &;"), ("&#; &#x;", "&#; &#x;"), ("&#128;&#x110000;&#0;&#xD800;", "€���"),
            ("&AMP&copy&Eacute", "&©É"), ("&#99999999999999999999;", "�"), ("&NotEqualTilde;", "≂̸"),
            ("&CounterClockwiseContourIntegral;", "∳"), ("5 & 6 < 7", "5 & 6 < 7"), ("AT&T", "AT&T"), ("a&", "a&"),
        ])
    func references(page: String, expected: String) {
        #expect(HTMLPage.read(page).text == expected)
    }

    @Test("the title is that of the page, with its references decoded")
    func title() {
        let page = HTMLPage.read(
            "<head><title> Tom &amp;\n <b>Jerry </title></head><body>x<svg><title>t</title></svg>y")
        #expect(page.title == "Tom & Jerry" && page.text == "xy")
        #expect(HTMLPage.read("<title></title>x").title == nil)
        #expect(HTMLPage.read("x").title == nil)
    }

    @Test(
        "pages that are made to take long take time in proportion to their length",
        arguments: ["<", "</script", "<script></script ", "<!--", "&", "&#", "<a b='", "<p hidden>", "<div>"])
    func hostile(part: String) {
        let clock = ContinuousClock()
        let time = clock.measure { _ = HTMLPage.read(String(repeating: part, count: 100_000)) }
        #expect(time < .seconds(20), "\(time)")
    }
}
