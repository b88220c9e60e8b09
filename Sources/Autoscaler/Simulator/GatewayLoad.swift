import Foundation

/// What a gateway makes of the load it is offered: a processor shared by all requests under way, of which there may be so
/// many (M/M/1/K with processor sharing: Kleinrock, "Queueing Systems" I, section 3.6), in its steady state. Between two
/// seconds it always reaches that: a full gateway has less than a tenth of a second's work in it.
struct GatewayLoad: Equatable {
    /// Requests answered in a second.
    var answered: Double
    /// Share of the requests offered that are refused, because too many are under way.
    var refused: Double
    var inFlight: Double
    /// Seconds, on average.
    var latency: Double
    /// Processor time used in a second.
    var processors: Double

    /// - Parameters:
    ///   - reads: offered in a second.
    ///   - writes: offered in a second.
    init(reads: Double, writes: Double, model: SystemModel) {
        let offered = reads + writes
        let fixed =
            offered > 0 ? (reads * model.readSeconds + writes * model.writeSeconds) / offered : model.readSeconds
        guard offered > 0 else {
            (answered, refused, inFlight, latency, processors) = (0, 0, 0, fixed, 0)
            return
        }
        let work = reads * model.readProcessorTime + writes * model.writeProcessorTime
        let capacity = model.gatewayProcessors * offered / work
        // Reads and writes have a limit each; the kind that has more work under way meets its own first.
        let larger = max(reads * model.readProcessorTime, writes * model.writeProcessorTime) / work
        let queue = Self.queue(utilisation: offered / capacity, limit: model.requestLimit / larger)
        refused = queue.blocked
        answered = offered * (1 - queue.blocked)
        latency = fixed + (answered > 0 ? queue.length / answered : 0)
        inFlight = answered * latency
        processors = model.gatewayProcessors * answered / capacity
    }

    /// Of M/M/1/K: how likely an arrival finds the place full, and how many are in it on average.
    private static func queue(utilisation: Double, limit: Double) -> (blocked: Double, length: Double) {
        if abs(utilisation - 1) < 1e-6 { return (1 / (limit + 1), limit / 2) }
        if utilisation > 1 {
            // The same with both sides divided by the power, which would overflow.
            let inverse = 1 / utilisation
            let rest = pow(inverse, limit + 1)
            return (
                (1 - inverse) / (1 - rest),
                limit - inverse / (1 - inverse) + (limit + 1) * rest / (1 - rest)
            )
        }
        let power = pow(utilisation, limit)
        let last = power * utilisation
        return (
            (1 - utilisation) * power / (1 - last),
            utilisation / (1 - utilisation) - (limit + 1) * last / (1 - last)
        )
    }
}
