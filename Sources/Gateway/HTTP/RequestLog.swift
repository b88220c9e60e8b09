import Commands
import HTTPTypes
import Logging
import Synchronization

/// Which requests get a line in the log: those that failed, that took long, or whose caller records their trace; or all.
package final class RequestLog: Sendable {
    /// The raw values are those of the setting.
    package enum Choice: String, Sendable, CaseIterable {
        case off, notable, all
    }

    struct Line: Equatable {
        var level: Logger.Level
        /// Lines like this one before it that there was no room for.
        var leftOut: Int
    }

    /// From here on a request is slow, unless it waits on purpose.
    static let slow = Duration.seconds(1)
    /// Lines a second, of those in trouble and of the others, unless all are asked for.
    static let linesPerSecond = 100

    private let choice: Choice
    private let trouble = Mutex(LineBudget(perSecond: linesPerSecond))
    private let sampled = Mutex(LineBudget(perSecond: linesPerSecond))

    package init(_ choice: Choice = .notable) { self.choice = choice }

    /// - Returns: `nil` for no line.
    func line(
        _ status: HTTPResponse.Status, after duration: Duration, _ signs: RequestSigns,
        at now: ContinuousClock.Instant
    ) -> Line? {
        guard choice != .off else { return nil }
        let isSampled = signs.trace?.isSampled == true
        let level: Logger.Level
        if status.code >= 500 {
            level = .warning
        } else if duration >= Self.slow, !signs.waits {
            level = .notice
        } else if isSampled || choice == .all {
            level = .info
        } else {
            return nil
        }
        if choice == .all { return Line(level: level, leftOut: 0) }
        let leftOut = level == .info ? sampled.withLock { $0.take(at: now) } : trouble.withLock { $0.take(at: now) }
        return leftOut.map { Line(level: level, leftOut: $0) }
    }
}
