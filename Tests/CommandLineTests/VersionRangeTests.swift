import Testing

@testable import tidemark

@Suite("Ranges of versions")
struct VersionRangeTests {
    @Test(
        "One version, a range, or one that is open at an end",
        arguments: [
            ("7", 7, 7), ("3..17", 3, 17), ("3..", 3, nil), ("..17", 1, 17),
        ] as [(String, UInt64, UInt64?)])
    func reads(text: String, first: UInt64, last: UInt64?) {
        let range = VersionRange(argument: text)
        #expect(range?.first == first && range?.last == last)
    }

    @Test(
        "What is no range is refused",
        arguments: ["", "0", "x", "5..3", "0..3", "-1..2", "1...3", "99999999999999999999"])
    func refuses(text: String) {
        #expect(VersionRange(argument: text) == nil)
    }
}
