import Histogram

/// Latencies of one kind of operation, in microseconds.
struct LatencyRecord: Sendable {
    /// From 1 µs to a minute, three digits: some 200 KiB.
    private(set) var histogram = Histogram<UInt64>(
        lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: .three)
    /// Calls that failed; their latencies are not recorded.
    var errors = 0
    /// Reads that found nothing.
    var absent = 0

    mutating func record(_ latency: Duration) {
        let microseconds = latency / .microseconds(1)
        _ = histogram.record(UInt64(min(max(1, microseconds), 60_000_000)))
    }

    mutating func add(_ other: LatencyRecord) {
        histogram.add(other.histogram)
        errors += other.errors
        absent += other.absent
    }
}
