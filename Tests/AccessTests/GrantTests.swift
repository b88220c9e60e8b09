import Access
import Commands
import SplitMix
import Testing

@Suite("Grants: which verbs on which keys")
struct GrantTests {
    private static let shop = Grant(verbs: [.read, .write], prefixes: ["shop/", "stock"])

    @Test(
        "A key is within reach when it begins with a prefix, byte by byte",
        arguments: [
            ("shop/1", true), ("shop/", true), ("shop", false), ("Shop/1", false), ("stock", true), ("stocks", true),
            ("stoc", false), ("./shop/1", false), ("x/../shop/1", false), ("shop/../x", true), (" shop/1", false),
            // To String, the next does not begin with "stock"; to the bytes of the key it does.
            ("stock\u{301}", true), ("sto\u{200d}ck", false),
        ])
    func covers(key: String, expected: Bool) throws {
        #expect(Self.shop.covers(try Key(key)) == expected)
    }

    @Test("Normal forms are different keys: a prefix in one reaches none of the other")
    func normalForms() throws {
        let grant = Grant(verbs: [.read], prefixes: ["caf\u{e9}/"])
        #expect(grant.covers(try Key("caf\u{e9}/x")))
        #expect(!grant.covers(try Key("cafe\u{301}/x")))
    }

    @Test("Verbs and prefixes both have to be there")
    func verbs() throws {
        #expect(Self.shop.allows(.read, try Key("shop/1")))
        #expect(!Self.shop.allows(.delete, try Key("shop/1")))
        #expect(!Self.shop.allows(.read, try Key("other")))
        #expect(!Grant(verbs: [.read], prefixes: []).allows(.read, try Key("shop/1")))
        #expect(Grant.everything.allows(.admin, try Key("\u{1}")))
    }

    @Test("Of a list, what is covered comes back as prefixes in key order")
    func coverage() {
        let grant = Grant(verbs: [.read], prefixes: ["a/c", "a/b", "a/bb", "z"])
        #expect(grant.prefixes == ["a/b", "a/c", "z"])
        #expect(grant.coverage(of: "a/") == ["a/b", "a/c"])
        #expect(grant.coverage(of: "") == ["a/b", "a/c", "z"])
        #expect(grant.coverage(of: "a/b") == ["a/b"])
        #expect(grant.coverage(of: "a/bx/y") == ["a/bx/y"])
        #expect(grant.coverage(of: "a/d").isEmpty)
        #expect(grant.coverage(of: "y").isEmpty)
        #expect(Grant.everything.coverage(of: "x") == ["x"])
        #expect(Grant.everything.coverage(of: "") == [""])
    }

    @Test("Coverage is exactly the covered keys, each once and in order, for any grant", arguments: 0..<200)
    func coverageProperty(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        func text(_ lengths: ClosedRange<Int>) -> String {
            String((0..<Int.random(in: lengths, using: &random)).map { _ in "ab/".randomElement(using: &random)! })
        }
        let grant = Grant(
            verbs: [.read], prefixes: (0..<Int.random(in: 0...5, using: &random)).map { _ in text(0...4) })
        let prefix = text(0...3)
        let keys = Set((0..<100).map { _ in text(1...5) }).map { Key(trusted: $0) }.sorted()
        let expected = keys.filter { $0.text.hasPrefix(prefix) && grant.covers($0) }
        let listed = grant.coverage(of: prefix).flatMap { range in keys.filter { $0.text.hasPrefix(range) } }
        #expect(listed == expected)
    }
}
