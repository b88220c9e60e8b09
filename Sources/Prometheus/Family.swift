/// All series of one name.
struct Family: Sendable {
    /// The `TYPE` of a family, spelled as Prometheus spells it.
    enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    /// `nil` until the first series is made. It stays when the last one is destroyed.
    var kind: Kind?
    var help: String?
    var buckets = Buckets.latency
    var series: [Labels: any Series] = [:]
}
