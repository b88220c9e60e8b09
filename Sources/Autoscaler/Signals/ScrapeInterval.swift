/// Two scrapes of one instance, and what its counters did in between.
struct ScrapeInterval: Sendable {
    let before: Exposition
    let after: Exposition
    let seconds: Double

    /// By how much a counter grew, over those of its series that are `included`; `nil` when the metric is missing. A series
    /// that is new began at zero, and so did one that is lower than before: its process was started again.
    func increase(_ name: String, where included: (Exposition.Labels) -> Bool = { _ in true }) -> Double? {
        guard let series = after[name] else { return nil }
        var sum = 0.0
        for (labels, value) in series where included(labels) {
            guard value.isFinite else { return nil }
            let old = before[name]?[labels] ?? 0
            sum += value >= old ? value - old : value
        }
        return sum
    }

    func rate(_ name: String, where included: (Exposition.Labels) -> Bool = { _ in true }) -> Double? {
        increase(name, where: included).map { $0 / seconds }
    }
}
