import Commands
import Synchronization

/// The `Date` field's value, formatted once a second.
final class DateHeader: Sendable {
    private let cached = Mutex<(second: Int64, text: String)>((-1, ""))
    private let clock = SystemWallClock()

    var value: String {
        let now = clock.now()
        return cached.withLock { cached in
            if cached.second != now.seconds { cached = (now.seconds, HTTPDate.text(now)) }
            return cached.text
        }
    }
}
