import Testing

@testable import EventLog

@Suite("A prefix as a range of keys")
struct PrefixRangeTests {
    @Test(
        "The upper bound is the next text of that length or shorter",
        arguments: [
            ("a", "b"), ("a/", "a0"), ("ab\u{10FFFF}", "ac"), ("\u{D7FF}", "\u{E000}"), ("x\u{D7FF}", "x\u{E000}"),
            ("\u{7F}", "\u{80}"), ("\u{10FFFE}", "\u{10FFFF}"), ("", PrefixRange.end), ("\u{10FFFF}", PrefixRange.end),
            ("e\u{301}", "e\u{302}"),
        ])
    func upper(prefix: String, upper: String) {
        let range = PrefixRange(prefix)
        #expect(Array(range.upper.utf8) == Array(upper.utf8))
        #expect(Array(range.lower.utf8) == Array(prefix.utf8))
    }

    @Test("Membership in the range is having the prefix, for every pair of short texts")
    func exhaustive() {
        let scalars: [Character] = ["a", "b", "\u{7F}", "\u{80}", "\u{D7FF}", "\u{E000}", "\u{10FFFE}", "\u{10FFFF}"]
        let short = [""] + scalars.map { String($0) } + scalars.flatMap { a in scalars.map { b in "\(a)\(b)" } }
        for prefix in short {
            let range = PrefixRange(prefix)
            for key in short {
                let inside =
                    !key.utf8.lexicographicallyPrecedes(range.lower.utf8)
                    && key.utf8.lexicographicallyPrecedes(range.upper.utf8)
                let begins = key.utf8.starts(with: prefix.utf8)
                #expect(inside == begins, "\(key.debugDescription) \(prefix.debugDescription)")
            }
        }
    }
}
