import Crypto
package import Foundation

/// 16 bytes of SHA-256 over what a request asks for: two requests with one `Idempotency-Key` must agree in it.
package struct Fingerprint: Hashable, Sendable {
    package static let byteCount = 16
    package let bytes: Data

    /// - Returns: `nil` unless `bytes` are exactly 16.
    package init?(bytes: Data) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    package init(of operation: Command.Operation, precondition: Precondition, timeToLive: Duration?) {
        var hash = SHA256()
        func update(_ part: some DataProtocol) {
            withUnsafeBytes(of: UInt64(part.count).littleEndian) { hash.update(bufferPointer: $0) }
            hash.update(data: part)
        }
        switch operation {
        case .put(let content):
            update(Data("put".utf8))
            update(content.value)
            update(Data(content.type.utf8))
        case .delete: update(Data("delete".utf8))
        case .barrier: update(Data("barrier".utf8))
        case .erase(let erasure): update(Data("erase \(erasure.record)".utf8))
        }
        switch precondition {
        case .none: update(Data())
        case .exists: update(Data("exists".utf8))
        case .absent: update(Data("absent".utf8))
        case .versions(let versions): update(Data(versions.map(String.init).joined(separator: ",").utf8))
        }
        update(Data((timeToLive.map { String($0.components.seconds) } ?? "").utf8))
        bytes = Data(hash.finalize().prefix(Self.byteCount))
    }
}
