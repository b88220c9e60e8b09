import Crypto
package import Foundation
import Synchronization

/// Makes command ids, and tells ids that this cluster could have issued from made-up ones.
///
/// The last 16 bits of every id are a tag: a keyed hash (HMAC-SHA256, key of the cluster) of the rest. So any
/// gateway can answer `pending` for an id that is not in the log yet and `404` for one that was never issued,
/// without asking anyone; a made-up id passes once in 65,536. See `docs/decisions/0002-command-ids.md`.
package final class CommandIDIssuer: Sendable {
    private static let tagMask: UInt64 = 0xffff

    private struct State {
        var milliseconds: UInt64 = 0
        var counter: UInt64 = 0
    }

    /// Holds the key already: half of the work for a code this short.
    private let keyed: HMAC<SHA256>
    private let state = Mutex(State())

    /// - Parameter secret: the cluster's, the same in every gateway; at least 16 bytes.
    package init(secret: Data) {
        precondition(secret.count >= 16, "the cluster's secret has at least 16 bytes")
        keyed = HMAC(key: SymmetricKey(data: secret))
    }

    /// A UUIDv7: milliseconds, a 12-bit counter that makes ids of one gateway unique and ordered, 46 random bits, tag.
    package func next(at time: Timestamp) -> CommandID {
        let (milliseconds, counter) = state.withLock { state -> (UInt64, UInt64) in
            let now = UInt64(max(0, time.microseconds)) / 1_000
            if now > state.milliseconds {
                (state.milliseconds, state.counter) = (now, 0)
            } else {
                state.counter += 1
                if state.counter > 0xfff { (state.milliseconds, state.counter) = (state.milliseconds + 1, 0) }
            }
            return (state.milliseconds, state.counter)
        }
        let high = (milliseconds & 0xffff_ffff_ffff) << 16 | 0x7000 | counter
        return tagged(high: high, low: 0x8000_0000_0000_0000 | UInt64.random(in: 0..<(1 << 62)))
    }

    /// The id of every request of `principal` for `key` with this `Idempotency-Key`: a UUIDv8 made of SHA-256
    /// (RFC 9562, appendix B.2).
    package func derived(principal: String, key: Key, idempotencyKey: String) -> CommandID {
        var hash = SHA256()
        for part in [principal, key.text, idempotencyKey] {
            let bytes = Data(part.utf8)
            withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { hash.update(bufferPointer: $0) }
            hash.update(data: bytes)
        }
        let id = CommandID(bytes: Data(hash.finalize().prefix(16)))!
        return tagged(
            high: id.high & ~0xf000 | 0x8000,
            low: id.low & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000)
    }

    package func couldHaveIssued(_ id: CommandID) -> Bool { tagged(high: id.high, low: id.low) == id }

    private func tagged(high: UInt64, low: UInt64) -> CommandID {
        var code = keyed
        withUnsafeBytes(of: (high.bigEndian, (low & ~Self.tagMask).bigEndian)) { code.update(data: $0) }
        let tag = code.finalize().withUnsafeBytes { UInt64($0[0]) << 8 | UInt64($0[1]) }
        return CommandID(high: high, low: low & ~Self.tagMask | tag)
    }
}
