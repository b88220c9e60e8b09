import Foundation

/// A point in time: microseconds since 1970-01-01T00:00:00Z, which is also what the database keeps.
package struct Timestamp: Hashable, Comparable, Sendable {
    package var microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }

    package static func + (time: Timestamp, duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        return Timestamp(microseconds: time.microseconds + seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }

    /// The duration from `b` to `a`.
    package static func - (a: Timestamp, b: Timestamp) -> Duration {
        .microseconds(a.microseconds - b.microseconds)
    }

    /// Whole seconds since the epoch, rounded down.
    package var seconds: Int64 { microseconds >= 0 ? microseconds / 1_000_000 : (microseconds - 999_999) / 1_000_000 }
}

extension Timestamp {
    /// RFC 3339 in UTC with microseconds: `2026-11-24T11:16:56.000042Z`.
    package var rfc3339: String {
        let date = Date(timeIntervalSince1970: TimeInterval(seconds))
        let text = date.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: false))
        let fraction = String(microseconds - seconds * 1_000_000)
        return "\(text).\(String(repeating: "0", count: 6 - fraction.count))\(fraction)Z"
    }

    /// RFC 3339 with any offset and up to nine fractional digits (those past microseconds are cut); `nil` if malformed.
    package init?(rfc3339 text: String) {
        var whole = text
        var micros: Int64 = 0
        if let dot = text.firstIndex(of: ".") {
            let end = text[text.index(after: dot)...].firstIndex { !$0.isASCII || !$0.isNumber } ?? text.endIndex
            let digits = text[text.index(after: dot)..<end]
            guard (1...9).contains(digits.count), let value = Int64((digits + "000000").prefix(6)) else { return nil }
            micros = value
            whole = String(text[..<dot] + text[end...])
        }
        guard let date = try? Date(whole, strategy: .iso8601) else { return nil }
        microseconds = Int64(date.timeIntervalSince1970.rounded()) * 1_000_000 + micros
    }
}

/// The one place where processes look at the time of day, so that tests can move it.
package protocol WallClock: Sendable {
    func now() -> Timestamp
}

package struct SystemWallClock: WallClock {
    package init() {}

    package func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}
