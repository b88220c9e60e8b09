import Foundation
import Synchronization

/// Makes a rebuild give way: while writes come in, a lane that has worked for some time rests twice as long.
final class RebuildPace: Sendable {
    private static let longestWork = Duration.milliseconds(20)
    private static let restFactor = 2

    private let givesWay = Atomic(false)

    /// Whether writes come in.
    func notice(writes: Bool) { givesWay.store(writes, ordering: .relaxed) }

    /// To be called often, on a lane's own thread, with no lock held.
    ///
    /// - Parameter began: when the lane last began to work.
    func breathe(since began: inout ContinuousClock.Instant) {
        guard ContinuousClock.now - began >= Self.longestWork else { return }
        let rest = rest(since: began)
        if rest > .zero { Thread.sleep(forTimeInterval: rest / .seconds(1)) }
        began = .now
    }

    /// How long to rest. No longer than makes a moment's difference, however long one step took.
    func rest(since began: ContinuousClock.Instant) -> Duration {
        guard givesWay.load(ordering: .relaxed) else { return .zero }
        return min((ContinuousClock.now - began) * Self.restFactor, .seconds(1))
    }
}
