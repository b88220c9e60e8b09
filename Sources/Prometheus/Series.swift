/// Something with values under one name and one set of labels.
protocol Series: Sendable {
    func write(to text: inout ExpositionText, name: String, labels: Labels)
}

/// A series that the registry makes and keeps, and that code updates through swift-metrics.
protocol RegisteredSeries: Series, AnyObject {
    static var kind: Family.Kind { get }
    /// Label names that the format itself uses for this kind.
    static var reservedLabels: Set<String> { get }
    var identity: SeriesIdentity { get }
    /// `buckets` matters to histograms only.
    init(identity: SeriesIdentity, buckets: Buckets)
}

extension RegisteredSeries {
    static var reservedLabels: Set<String> { [] }
}

/// Where the registry keeps a series.
struct SeriesIdentity: Sendable {
    let name: String
    let labels: Labels
}

/// A number that was read elsewhere, at this scrape.
struct SettledSeries: Series {
    let value: Double

    func write(to text: inout ExpositionText, name: String, labels: Labels) {
        text.sample(name: name, labels: labels, value: ExpositionText.number(value))
    }
}
