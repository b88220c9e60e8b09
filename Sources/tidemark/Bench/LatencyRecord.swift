import Histogram

/// Latencies of one kind of operation, in microseconds.
struct LatencyRecord: Sendable {
    private static let empty = Histogram<UInt64>(
        lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: .three)

    /// From 1 µs to a minute, three digits: some 200 KiB.
    private(set) var histogram = Self.empty
    /// Of calls answered with 429 or 503: how fast a server that has too much to do says so.
    private(set) var refusals = Self.empty
    /// Calls that failed, refused ones among them; their latencies are not recorded.
    var errors = 0
    /// Reads that found nothing.
    var absent = 0

    mutating func record(_ latency: Duration) { _ = histogram.record(Self.microseconds(latency)) }

    mutating func recordRefusal(_ latency: Duration) { _ = refusals.record(Self.microseconds(latency)) }

    private static func microseconds(_ latency: Duration) -> UInt64 {
        UInt64(min(max(1, latency / .microseconds(1)), 60_000_000))
    }

    mutating func add(_ other: LatencyRecord) {
        histogram.add(other.histogram)
        refusals.add(other.refusals)
        errors += other.errors
        absent += other.absent
    }
}
