import Crypto
package import EventLog
import Foundation

/// What a row of the projection is compared by: hashes under a key that is new in every run, so that nobody can have
/// made rows whose sum comes out right (an additive multiset hash; Clarke et al., ASIACRYPT 2003).
package struct RowDigest: Sendable {
    package typealias Short = SIMD2<UInt64>
    package typealias Sum = SIMD4<UInt64>

    private let secret: SHA256

    package init() {
        var hash = SHA256()
        SymmetricKey(size: .init(bitCount: 512)).withUnsafeBytes { hash.update(bufferPointer: $0) }
        secret = hash
    }

    package func key(_ bytes: UnsafeRawBufferPointer) -> Short { short { $0.update(bufferPointer: bytes) } }

    /// Of everything in a row but its key, its version and the version its life began at.
    package func content(
        value: UnsafeRawBufferPointer, type: UnsafeRawBufferPointer, expiresAt: Int64?, modifiedAt: Int64, deleted: Bool
    ) -> Short {
        short { hash in
            let words = (Int64(value.count), Int64(type.count), expiresAt ?? .min, modifiedAt, Int64(deleted ? 1 : 0))
            withUnsafeBytes(of: words) { hash.update(bufferPointer: $0) }
            hash.update(bufferPointer: type)
            hash.update(bufferPointer: value)
        }
    }

    package func content(_ row: ProjectionRow) -> Short {
        content(
            value: row[.value], type: row[.contentType], expiresAt: row.expiresAt, modifiedAt: row.modifiedAt,
            deleted: row.deleted)
    }

    package func row(key: Short, version: UInt64, createdVersion: UInt64, content: Short) -> Sum {
        digest { hash in
            withUnsafeBytes(of: (key, content, version, createdVersion)) { hash.update(bufferPointer: $0) }
        }
    }

    private func short(_ update: (inout SHA256) -> Void) -> Short { digest(update).lowHalf }

    private func digest(_ update: (inout SHA256) -> Void) -> Sum {
        var hash = secret
        update(&hash)
        return hash.finalize().withUnsafeBytes { $0.loadUnaligned(as: Sum.self) }
    }
}
