/// Takes turns among base URLs and passes over those that lately failed.
struct Endpoints: Sendable {
    private let urls: [String]
    private var turn = 0
    /// Of each URL the instant before which it is passed over.
    private var restingUntil: [ContinuousClock.Instant?]

    static let rest = Duration.seconds(1)

    /// - Precondition: there is at least one.
    init(_ urls: [String]) {
        precondition(!urls.isEmpty, "A client needs at least one URL")
        self.urls = urls.map { url in String(url.reversed().drop { $0 == "/" }.reversed()) }
        restingUntil = Array(repeating: nil, count: urls.count)
    }

    /// The next one that is not resting; the next one in turn when all are.
    mutating func next(now: ContinuousClock.Instant) -> String {
        if urls.count == 1 { return urls[0] }
        let order = (0..<urls.count).map { (turn + $0) % urls.count }
        let chosen = order.first { index in restingUntil[index].map { $0 <= now } ?? true } ?? order[0]
        turn = (chosen + 1) % urls.count
        return urls[chosen]
    }

    mutating func failed(_ url: String, now: ContinuousClock.Instant) {
        if let index = urls.firstIndex(of: url) { restingUntil[index] = now + Self.rest }
    }
}
