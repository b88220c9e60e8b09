package import History
import Synchronization

/// Keeps the calls of all processes, on one clock. May be used from any task.
package final class Recorder: Sendable {
    private let origin = ContinuousClock.now
    private let calls = Mutex<[Call]>([])

    package init() {}

    /// Nanoseconds since this recorder was made; never goes back.
    package var now: Int64 {
        let (seconds, attoseconds) = (ContinuousClock.now - origin).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    package func add(_ call: Call) {
        calls.withLock { calls in
            var call = call
            call.id = calls.count
            calls.append(call)
        }
    }

    package var count: Int { calls.withLock { $0.count } }
    package var all: [Call] { calls.withLock { $0 } }
}
