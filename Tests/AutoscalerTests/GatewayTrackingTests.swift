import Testing

@testable import Autoscaler

@Suite("What gateways the load asks for")
struct GatewayTrackingTests {
    private let tracking = GatewayTracking(requestsInFlight: 10, processors: 0.5, latency: 0.2)

    @Test(
        "The worst signal decides",
        arguments: [(30.0, 0.2, 3.0), (5, 1.6, 3.2), (20, 1, 2), (0, 0, 0)])
    func worst(inFlight: Double, processors: Double, instances: Double) {
        let demand = tracking.demand(
            .idle().with {
                $0.requestsInFlight = inFlight
                $0.gateways.processors = processors
            })
        #expect(abs(demand.instances - instances) < 1e-9)
        #expect(demand.noFewer == nil && !demand.oneMore)
    }

    @Test(
        "Full gateways tell that there are too few, not how many: one look asks for four times as many",
        arguments: [1, 2, 5])
    func pileUp(ready: Int) {
        let demand = tracking.demand(
            .idle(gateways: .init(ready: ready)).with {
                $0.requestsInFlight = 1_000
                $0.gateways.processors = Double(ready)
            })
        #expect(demand.instances == Double(4 * ready))
    }

    @Test("A missing signal forbids fewer; the other one still asks for more")
    func missing() {
        let demand = tracking.demand(
            .idle().with {
                $0.requestsInFlight = nil
                $0.gateways.processors = 2
            })
        #expect(demand.instances == 4)
        #expect(demand.noFewer == .unknown)
    }

    @Test("No percentile is missing only when there were requests", arguments: [(0.0, nil as Hold?), (3, .unknown)])
    func noPercentile(rate: Double, hold: Hold?) {
        let demand = tracking.demand(
            .idle().with {
                $0.requestRate = rate
                $0.latency = nil
            })
        #expect(demand.noFewer == hold)
    }

    @Test("Slow requests keep gateways, and ask for one more only when these are well used")
    func latency() {
        let slow = Observation.idle().with { $0.latency = 0.3 }
        #expect(tracking.demand(slow).noFewer == .latency)
        #expect(!tracking.demand(slow).oneMore)
        #expect(tracking.demand(slow.with { $0.requestsInFlight = 13 }).oneMore)
        #expect(
            !tracking.demand(
                slow.with {
                    $0.requestsInFlight = 13
                    $0.gateways.starting = 1
                }
            ).oneMore, "one is on its way")
    }

    @Test(
        "Within the tolerance nothing changes",
        arguments: [(1.85, 2), (2.0, 2), (2.15, 2), (2.25, 3), (1.0, 1), (0, 0)])
    func tolerance(instances: Double, count: Int) {
        #expect(Demand(instances: instances, reason: "").count(from: 2, present: 2, tolerance: 0.1) == count)
    }
}
