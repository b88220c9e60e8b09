package import Commands
package import Foundation

/// An access key as it is stored: everything but its secret.
package struct AccessKey: Sendable, Equatable {
    package static let maximumPrefixes = 64
    package static let maximumNameCharacters = 64
    /// Requests a second.
    package static let rates = 1...1_000_000

    package var id: String
    /// Of whoever holds it. Two keys may have one name, so that a new one can take over from an old one.
    package var name: String
    package var secretHash: Data
    package var grant: Grant
    package var rate: Int?
    package var createdAt: Timestamp
    package var expiresAt: Timestamp?
    package var revokedAt: Timestamp?

    package init(
        id: String, name: String, secretHash: Data, grant: Grant, rate: Int? = nil, createdAt: Timestamp,
        expiresAt: Timestamp? = nil, revokedAt: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.secretHash = secretHash
        self.grant = grant
        self.rate = rate
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
    }

    package var principal: Principal { Principal(name: "key:" + name, grant: grant, rate: rate) }

    package func isValid(at now: Timestamp) -> Bool { revokedAt == nil && (expiresAt.map { now < $0 } ?? true) }

    /// Letters, digits and `._@-`: what stands in every event is easy to read and to search for.
    package static func isName(_ text: String) -> Bool {
        (1...maximumNameCharacters).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                UnicodeScalar(byte).properties.isAlphabetic && byte < 0x80
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "._@-".utf8.contains(byte)
            }
    }
}
