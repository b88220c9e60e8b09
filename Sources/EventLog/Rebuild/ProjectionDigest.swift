import Crypto
package import Foundation

/// A digest of a set of rows in whatever order: the SHA-256 of each, added up as four words mod 2^64, and how many there were.
///
/// Shows mistakes. It is no proof against somebody who chooses rows for it; that is what the Merkle tree is for.
package struct ProjectionDigest: Sendable, Equatable, CustomStringConvertible {
    package private(set) var rows: UInt64 = 0
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    package init() {}

    package mutating func add(_ row: UnsafeRawBufferPointer) {
        var hash = SHA256()
        hash.update(bufferPointer: row)
        hash.finalize().withUnsafeBytes { bytes in
            func word(_ index: Int) -> UInt64 {
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
            }
            words.0 &+= word(0)
            words.1 &+= word(1)
            words.2 &+= word(2)
            words.3 &+= word(3)
        }
        rows += 1
    }

    package static func == (a: Self, b: Self) -> Bool { a.rows == b.rows && a.words == b.words }

    /// 32 bytes.
    package var bytes: Data {
        var data = Data()
        for word in [words.0, words.1, words.2, words.3] {
            withUnsafeBytes(of: word.bigEndian) { data.append(contentsOf: $0) }
        }
        return data
    }

    package var description: String { bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() }
}
