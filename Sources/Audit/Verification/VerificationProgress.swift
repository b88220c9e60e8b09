import Synchronization

/// How far a verification is; read from any thread.
package final class VerificationProgress: Sendable {
    private let done = Atomic<UInt64>(0)
    private let expected = Atomic<UInt64>(0)

    package init() {}

    /// Events.
    package var events: UInt64 { done.load(ordering: .relaxed) }
    /// Events; 0 until it is known.
    package var total: UInt64 { expected.load(ordering: .relaxed) }

    package func add(_ events: UInt64) { done.add(events, ordering: .relaxed) }
    package func expect(_ events: UInt64) { expected.store(events, ordering: .relaxed) }
}
