import Access
import Foundation
import Testing

@Suite("Access keys as they are presented")
struct AccessTokenTests {
    @Test("A key reads back as itself and matches its hash, and no other's")
    func roundTrip() throws {
        let token = AccessToken.random()
        let read = try #require(AccessToken(token.text[...]))
        #expect(read.id == token.id && read.text == token.text)
        #expect(read.matches(token.hash))
        let other = AccessToken.random()
        #expect(!other.matches(token.hash))
        #expect(other.id != token.id && other.text != token.text)
        #expect(!token.matches(Data()) && !token.matches(token.hash.dropLast()))
    }

    @Test("A key has 256 bits: 43 characters of base64url")
    func form() {
        for _ in 0..<200 {
            let token = AccessToken.random()
            #expect(token.text.wholeMatch(of: #/tmk_[0-9a-f]{16}_[A-Za-z0-9_\-]{43}/#) != nil, "\(token.text)")
        }
    }

    @Test("One changed character is another key")
    func changed() throws {
        let token = AccessToken.random()
        for index in token.text.indices where index >= token.text.index(token.text.startIndex, offsetBy: 21) {
            var text = token.text
            text.replaceSubrange(index...index, with: token.text[index] == "A" ? "B" : "A")
            #expect(AccessToken(text[...])?.matches(token.hash) != true, "\(text)")
        }
    }

    @Test(
        "Other texts are no keys",
        arguments: [
            "", "tmk_", "tmk__", "TMK_0123456789abcdef_" + String(repeating: "A", count: 43),
            "tmk_0123456789abcdeF_" + String(repeating: "A", count: 43),
            "tmk_0123456789abcdef_" + String(repeating: "A", count: 42),
            "tmk_0123456789abcdef_" + String(repeating: "A", count: 44),
            "tmk_0123456789abcdef_" + String(repeating: "A", count: 42) + "=",
            "tmk_0123456789abcdef_" + String(repeating: "A", count: 42) + "é",
            "tmk_0123456789abcde_" + String(repeating: "A", count: 44), "eyJhbGciOiJub25lIn0.e30.",
        ])
    func refused(text: String) { #expect(AccessToken(text[...]) == nil) }

    @Test("However it is printed, the secret stays out")
    func printing() {
        let token = AccessToken.random()
        let secret = String(token.text.suffix(43))
        var dumped = ""
        dump(token, to: &dumped)
        for text in ["\(token)", String(reflecting: token), dumped, "\([token])", "\(Optional(token) as Any)"] {
            #expect(!text.contains(secret), "\(text)")
        }
    }
}
