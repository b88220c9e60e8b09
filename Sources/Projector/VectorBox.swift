import Commands
import Synchronization

/// What this owner knows its partition has applied. Only the holder of the partition's gate advances it.
final class VectorBox: Sendable {
    private let state: Mutex<VersionVector>

    init(_ vector: VersionVector) { state = Mutex(vector) }

    var value: VersionVector { state.withLock { $0 } }

    func forget(_ origins: [Origin]) {
        state.withLock { vector in
            for origin in origins { vector.applied[origin] = nil }
        }
    }

    func advance(to sequence: UInt64, applied: [Origin: UInt64]) {
        state.withLock { vector in
            vector.sequence = max(vector.sequence, sequence)
            vector.applied.merge(applied) { max($0, $1) }
        }
    }
}
