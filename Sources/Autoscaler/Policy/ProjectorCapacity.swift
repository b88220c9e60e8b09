/// How many commands a second one projector applies when it has work all the time, learnt from what is seen while all of
/// them have: beside idle ones, the mean tells nothing of what one can do.
struct ProjectorCapacity: Sendable, Equatable {
    /// `nil` until something was applied.
    private(set) var rate: Double?
    /// Whether `rate` was seen with work waiting. Until then it only says that a projector can do at least so much.
    private(set) var isMeasured = false

    private var previous: Observation?
    private var sameSince: Duration?

    /// A projector that joined takes over partitions for some seconds, in which less is applied.
    private static let settling = Duration.seconds(10)
    /// Weight of a new sample: an interval's rate is lumpy, and a database that is slow for a moment shrinks no projector.
    private static let weight = 0.2

    mutating func learn(_ observation: Observation) {
        defer { previous = observation }
        let fleet = observation.projectors
        let since =
            previous?.projectors.hasSameMembers(as: fleet) == true ? sameSince ?? observation.at : observation.at
        sameSince = since
        guard let applied = observation.applyRate, applied > 0, fleet.ready > 0, fleet.draining == 0 else { return }
        let sample = applied / Double(fleet.ready)
        let wasBusy = previous.map(Self.isBusy) ?? false
        guard wasBusy, Self.isBusy(observation), observation.at - since >= Self.settling else {
            rate = max(rate ?? 0, sample)
            return
        }
        let known = rate ?? sample
        rate = isMeasured || sample < known ? known + Self.weight * (sample - known) : sample
        isMeasured = true
    }

    private static func isBusy(_ observation: Observation) -> Bool {
        observation.busyProjectors == observation.projectors.ready
    }
}

extension Observation.Fleet {
    fileprivate func hasSameMembers(as other: Observation.Fleet) -> Bool {
        ready == other.ready && starting == other.starting && draining == other.draining
    }
}
