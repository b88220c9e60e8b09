import HTTPTypes
import Metrics
import Synchronization

/// Counts and times requests. Making a metric is slow, so the handlers are kept by route, method and status.
///
/// `tidemark_http_requests_total{route,method,status}`, `tidemark_http_request_duration_seconds{route,method}` (until
/// the answer's head is made), `tidemark_http_requests_in_flight`.
final class RequestMetrics: Sendable {
    private struct Place: Hashable {
        var route: Route?
        /// `nil` for methods that no path has: labels come from a closed set.
        var method: HTTPRequest.Method?
    }

    private struct Handlers {
        var byPlace: [Place: (timer: Timer, counters: [Int: Counter])] = [:]

        mutating func find(_ place: Place, _ status: Int) -> (Counter, Timer) {
            if let (timer, counters) = byPlace[place], let counter = counters[status] { return (counter, timer) }
            let dimensions = [
                ("route", place.route?.rawValue ?? "none"), ("method", place.method?.rawValue ?? "other"),
            ]
            let timer =
                byPlace[place]?.timer
                ?? Timer(
                    label: "tidemark_http_request_duration_seconds", dimensions: dimensions,
                    preferredDisplayUnit: .seconds)
            let counter = Counter(
                label: "tidemark_http_requests_total", dimensions: dimensions + [("status", String(status))])
            byPlace[place, default: (timer, [:])].counters[status] = counter
            return (counter, timer)
        }
    }

    private static let methods: [HTTPRequest.Method] = [.get, .put, .delete, .post, .head, .options]

    private let handlers = Mutex(Handlers())
    private let inFlight = Meter(label: "tidemark_http_requests_in_flight")

    func began() { inFlight.increment() }

    func ended(
        _ route: Route?, _ method: HTTPRequest.Method, _ status: HTTPResponse.Status, after duration: Duration
    ) {
        inFlight.decrement()
        let place = Place(route: route, method: Self.methods.contains(method) ? method : nil)
        let (counter, timer) = handlers.withLock { $0.find(place, status.code) }
        counter.increment()
        let (seconds, attoseconds) = duration.components
        timer.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
