import Crypto

/// A Lua script, called by its digest. Redis runs a script as one step, and replicates what it changed as one.
package struct RedisScript: Sendable {
    package let text: String
    /// SHA-1 in hexadecimal digits, as EVALSHA wants it.
    package let digest: String

    init(_ text: String) {
        self.text = text
        digest = Insecure.SHA1.hash(data: [UInt8](text.utf8)).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}
