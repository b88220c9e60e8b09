import Synchronization

/// How far each partition's commands of one origin are confirmed. The publishing thread notes it, once a message.
final class ConfirmedDots: Sendable {
    private let state: Mutex<[UInt64]>

    init(partitions: Int) { state = Mutex(Array(repeating: 0, count: partitions)) }

    /// By partition, the highest n; 0 for none.
    var highest: [UInt64] { state.withLock { $0 } }

    func note(_ message: MessageID, in partition: Partition) {
        let last = message.firstN + UInt64(message.count) - 1
        state.withLock { $0[partition.number] = max($0[partition.number], last) }
    }
}
