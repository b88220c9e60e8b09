import Crypto
package import Foundation

/// What verifies notes (C2SP signed-note, Ed25519), in its text form `name+id+key`.
package struct NoteVerifier: Sendable {
    static let ed25519: UInt8 = 1

    package let name: String
    /// The first four bytes of SHA-256 over name and key.
    package let id: Data
    private let key: Curve25519.Signing.PublicKey

    init(name: String, key: Curve25519.Signing.PublicKey) {
        self.name = name
        self.key = key
        id = Data(SHA256.hash(data: Data("\(name)\n".utf8) + Self.encoded(key)).prefix(4))
    }

    /// - Throws: ``MalformedNote``
    package init(_ text: String) throws(MalformedNote) {
        let parts = text.trimmingCharacters(in: .whitespacesAndNewlines)
            .split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, NoteSigner.isName(parts[0]), let encoded = Data(base64Encoded: parts[2]),
            encoded.count == 33, encoded.first == Self.ed25519,
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: encoded.dropFirst())
        else {
            throw MalformedNote(
                "A public key is NAME+8 HEXADECIMAL DIGITS+BASE64, as `tidemark audit keygen` prints it.")
        }
        self.init(name: parts[0], key: key)
        guard parts[1] == id.hexadecimal else {
            throw MalformedNote("The public key of \(name) doesn't fit its id \(parts[1]).")
        }
    }

    package var text: String { "\(name)+\(id.hexadecimal)+\(Self.encoded(key).base64EncodedString())" }

    private static func encoded(_ key: Curve25519.Signing.PublicKey) -> Data { Data([ed25519]) + key.rawRepresentation }

    /// Whether the note bears a good signature of this key.
    package func verifies(_ note: SignedNote) -> Bool {
        note.signatures.contains {
            $0.name == name && $0.bytes.prefix(4) == id
                && key.isValidSignature($0.bytes.dropFirst(4), for: Data(note.text.utf8))
        }
    }
}

/// What signs notes.
package struct NoteSigner: Sendable {
    package let verifier: NoteVerifier
    private let key: Curve25519.Signing.PrivateKey

    /// A new key.
    ///
    /// - Parameter name: without blanks and `+`.
    package init(newNamed name: String) throws(MalformedNote) {
        guard Self.isName(name) else { throw MalformedNote("A key's name has no blanks and no +, and is not empty.") }
        key = Curve25519.Signing.PrivateKey()
        verifier = NoteVerifier(name: name, key: key.publicKey)
    }

    /// - Parameter text: `PRIVATE+KEY+name+id+key`.
    package init(_ text: String) throws(MalformedNote) {
        let parts = text.trimmingCharacters(in: .whitespacesAndNewlines)
            .split(separator: "+", maxSplits: 4, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5, parts[0] == "PRIVATE", parts[1] == "KEY", Self.isName(parts[2]),
            let encoded = Data(base64Encoded: parts[4]), encoded.count == 33, encoded.first == NoteVerifier.ed25519,
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: encoded.dropFirst())
        else {
            throw MalformedNote("A private key is PRIVATE+KEY+NAME+ID+BASE64, as `tidemark audit keygen` writes it.")
        }
        self.key = key
        verifier = NoteVerifier(name: parts[2], key: key.publicKey)
        guard parts[3] == verifier.id.hexadecimal else { throw MalformedNote("The private key doesn't fit its id.") }
    }

    package var text: String {
        let encoded = Data([NoteVerifier.ed25519]) + key.rawRepresentation
        return "PRIVATE+KEY+\(verifier.name)+\(verifier.id.hexadecimal)+\(encoded.base64EncodedString())"
    }

    package func sign(_ text: String) throws -> SignedNote {
        let signature = try key.signature(for: Data(text.utf8))
        return SignedNote(
            text: text, signatures: [SignedNote.Signature(name: verifier.name, bytes: verifier.id + signature)])
    }

    static func isName(_ name: String) -> Bool {
        !name.isEmpty && !name.contains("+") && !name.unicodeScalars.contains { $0.properties.isWhitespace }
    }
}

extension Data {
    var hexadecimal: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
