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
        let worked = ContinuousClock.now - began
        guard worked >= Self.longestWork else { return }
        if givesWay.load(ordering: .relaxed) {
            // No longer than makes a moment's difference, however long one step took.
            Thread.sleep(forTimeInterval: min(worked * Self.restFactor, .seconds(1)) / .seconds(1))
        }
        began = .now
    }
}
