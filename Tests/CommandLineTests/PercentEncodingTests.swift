import Foundation
import SplitMix
import Testing
import TidemarkClient

@testable import tidemark

@Suite struct PercentEncodingTests {
    @Test(
        "A key becomes a path that keeps its slashes",
        arguments: [
            ("colour", "colour"), ("a/b", "a/b"), ("a//b/", "a//b/"), ("/a", "/a"), ("a b", "a%20b"), ("é", "%C3%A9"),
            ("e\u{301}", "e%CC%81"), ("100%", "100%25"), ("a?b#c", "a%3Fb%23c"), ("{tag}:x", "%7Btag%7D%3Ax"),
            ("a+b&c=d;e", "a%2Bb%26c%3Dd%3Be"), ("..", "%2E%2E"), ("a/./b", "a/%2E/b"), ("a/../b", "a/%2E%2E/b"),
            ("...", "..."), ("a.b-c_d~e", "a.b-c_d~e"), ("\u{1}\u{7f}", "%01%7F"), ("🌊", "%F0%9F%8C%8A"),
        ])
    func path(key: String, expected: String) { #expect(PercentEncoding.path(key) == expected) }

    @Test("A query escapes slashes, too")
    func query() { #expect(PercentEncoding.query("a/b?é") == "a%2Fb%3F%C3%A9") }

    @Test("Decoding gives back the key's bytes", arguments: [1, 2, 3] as [UInt64])
    func roundTrip(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<500 {
            let scalars = (0..<Int.random(in: 1...40, using: &random)).map { _ in
                Unicode.Scalar(UInt32.random(in: 1...0x2ff, using: &random)) ?? "/"
            }
            let key = String(String.UnicodeScalarView(scalars))
            let decoded = PercentEncoding.path(key).removingPercentEncoding
            #expect(decoded?.utf8.elementsEqual(key.utf8) == true, "seed \(seed): \(key)")
        }
    }
}
