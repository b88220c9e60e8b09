import Synchronization

/// Numbers new records, and knows how many stand without a gap: only those may be read.
final class InsertCounter: Sendable {
    private struct State {
        var next: UInt64
        var written: UInt64
        /// Numbers that were written ahead of a gap; a failed insert is taken for written, and reads of it find nothing.
        var ahead: Set<UInt64> = []
    }

    private let state: Mutex<State>

    init(records: UInt64) { state = Mutex(State(next: records, written: records)) }

    var written: UInt64 { state.withLock { $0.written } }

    func next() -> UInt64 {
        state.withLock { state in
            defer { state.next += 1 }
            return state.next
        }
    }

    func end(_ record: UInt64) {
        state.withLock { state in
            state.ahead.insert(record)
            while state.ahead.remove(state.written) != nil { state.written += 1 }
        }
    }
}
