import Metrics
import Synchronization

/// A number that is set, or goes up and down.
///
/// One word, not striped: a `set` has to replace what every thread added. Any value may be set, NaN too (Prometheus
/// shows a gap); steps that are NaN or infinite are dropped, because no later step could undo them. Any thread.
final class GaugeSeries: RegisteredSeries, MeterHandler, RecorderHandler {
    static let kind = Family.Kind.gauge

    let identity: SeriesIdentity
    private let bits = Atomic<UInt64>(0)

    init(identity: SeriesIdentity, buckets: Buckets) { self.identity = identity }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    func increment(by amount: Double) {
        if amount.isFinite { bits.addFloating(amount) }
    }

    func decrement(by amount: Double) { increment(by: -amount) }

    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }

    func write(to text: inout ExpositionText, name: String, labels: Labels) {
        let value = Double(bitPattern: bits.load(ordering: .relaxed))
        text.sample(name: name, labels: labels, value: ExpositionText.number(value))
    }
}
