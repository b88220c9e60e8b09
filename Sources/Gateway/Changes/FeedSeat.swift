import Synchronization

/// A feed's place among those that are served. It is given up when nobody holds it any more, whether or not the answer it
/// was taken for ever began.
final class FeedSeat: Sendable {
    /// Something may be new, or a heartbeat due; ends with `end`.
    let wakeups: AsyncStream<Void>
    private let leave: @Sendable () -> Void
    private let finish: @Sendable () -> Void
    private let ended = Atomic(false)

    init(
        wakeups: AsyncStream<Void>, leave: @escaping @Sendable () -> Void,
        end finish: @escaping @Sendable () -> Void
    ) {
        self.wakeups = wakeups
        self.leave = leave
        self.finish = finish
    }

    deinit { leave() }

    var isEnded: Bool { ended.load(ordering: .acquiring) }

    func end() {
        ended.store(true, ordering: .releasing)
        finish()
    }
}
