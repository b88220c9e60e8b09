import Testing

@testable import Autoscaler

@Suite("Signals from scrapes")
struct SignalsTests {
    /// A gateway's scrape. `slow` of its requests took 0.25 to 0.5 s, the others less than 0.1 s.
    private func gateway(
        processor: Double = 0, inFlight: Int = 1, waiting: Int = 0, requests: Int = 0, slow: Int = 0, probes: Int = 0
    ) throws -> Exposition {
        let name = "tidemark_http_request_duration_seconds"
        return try Exposition(
            parsing: """
                process_cpu_seconds_total \(processor)
                tidemark_http_requests_in_flight \(inFlight)
                tidemark_http_requests_waiting \(waiting)
                tidemark_http_requests_total{route="/v1/kv/{key}",method="GET",status="200"} \(requests)
                tidemark_http_requests_total{route="/v1/changes",method="GET",status="200"} \(probes)
                tidemark_http_requests_total{route="/metrics",method="GET",status="200"} \(probes)
                \(name)_bucket{route="/v1/kv/{key}",method="GET",le="0.1"} \(requests - slow)
                \(name)_bucket{route="/v1/kv/{key}",method="GET",le="0.25"} \(requests - slow)
                \(name)_bucket{route="/v1/kv/{key}",method="GET",le="0.5"} \(requests)
                \(name)_bucket{route="/v1/kv/{key}",method="GET",le="+Inf"} \(requests)
                \(name)_bucket{route="/metrics",method="GET",le="0.1"} 0
                \(name)_bucket{route="/metrics",method="GET",le="0.25"} 0
                \(name)_bucket{route="/metrics",method="GET",le="0.5"} 0
                \(name)_bucket{route="/metrics",method="GET",le="+Inf"} \(probes)

                """.utf8)
    }

    private func projector(
        applied: Int = 0, backlog: String = "0", oldest: String = "0", owned: Int = 4, partitions: Int = 4
    ) throws -> Exposition {
        try Exposition(
            parsing: """
                process_cpu_seconds_total 1
                tidemark_projector_commands_applied_total \(applied)
                tidemark_projector_backlog_commands \(backlog)
                tidemark_projector_oldest_unapplied_seconds \(oldest)
                tidemark_projector_partitions_owned \(owned)
                tidemark_projector_partitions \(partitions)

                """.utf8)
    }

    private func member(_ id: String, _ exposition: Exposition?, _ state: Instance.State = .ready) -> Signals.Member {
        Signals.Member(Instance(id: id, role: .gateway, url: nil, state: state), exposition)
    }

    private func owner(_ id: String, _ exposition: Exposition?) -> Signals.Member {
        Signals.Member(Instance(id: id, role: .projector, url: nil, state: .ready), exposition)
    }

    @Test("Rates, sums and a percentile, over all gateways and without what only probes and waits")
    func gateways() throws {
        var signals = Signals()
        _ = signals.observe(
            [member("a", try gateway(processor: 10, requests: 100)), member("b", try gateway(requests: 900))],
            at: .seconds(10))
        let observation = signals.observe(
            [
                member("a", try gateway(processor: 12, inFlight: 31, waiting: 10, requests: 180, slow: 2, probes: 50)),
                member("b", try gateway(processor: 1, inFlight: 6, requests: 1_020)),
            ], at: .seconds(14))
        #expect(observation.gateways == .init(ready: 2, processors: 0.75))
        #expect(observation.requestRate == 50)
        #expect(observation.requestsInFlight == 25)
        // 198 of 200 within 0.1 s: exactly the 99th percentile.
        #expect(observation.latency == 0.1)
    }

    @Test("The percentile lies within its bucket")
    func percentile() throws {
        var signals = Signals()
        _ = signals.observe([member("a", try gateway())], at: .zero)
        let observation = signals.observe([member("a", try gateway(requests: 100, slow: 2))], at: .seconds(1))
        #expect(observation.latency == 0.375)
    }

    @Test("What is seen for the first time is starting, and nothing is known without the others")
    func newcomers() throws {
        var signals = Signals()
        let first = signals.observe([member("a", try gateway())], at: .zero)
        #expect(first.gateways == .init(ready: 0, starting: 1))
        #expect(first.requestsInFlight == nil && first.requestRate == nil && first.latency == nil)
        let second = signals.observe(
            [
                member("a", try gateway(inFlight: 3)), member("b", try gateway(inFlight: 5)),
                member("c", nil, .starting),
            ],
            at: .seconds(1))
        #expect(second.gateways == .init(ready: 1, starting: 2, processors: 0))
        #expect(second.requestsInFlight == 6, "what the newcomer has under way is known already")
    }

    @Test("One that does not answer makes everything that it is part of unknown, until it answers again")
    func silent() throws {
        var signals = Signals()
        for second in [0, 1] {
            _ = signals.observe([member("a", try gateway()), member("b", try gateway())], at: .seconds(second))
        }
        let silent = signals.observe([member("a", try gateway()), member("b", nil)], at: .seconds(2))
        #expect(silent.gateways == .init(ready: 2))
        #expect(silent.requestsInFlight == nil && silent.requestRate == nil && silent.latency == nil)
        let back = signals.observe(
            [member("a", try gateway()), member("b", try gateway(requests: 20))], at: .seconds(3))
        #expect(back.requestRate == 10, "over the two seconds since it last answered")
    }

    @Test("One that is unwell counts like a ready one: what it does is known, or unknown if it does not answer")
    func unwell() throws {
        var signals = Signals()
        for second in [0, 1] {
            _ = signals.observe([member("a", try gateway()), member("b", try gateway())], at: .seconds(second))
        }
        let answered = signals.observe(
            [member("a", try gateway()), member("b", try gateway(inFlight: 4), .unwell)], at: .seconds(2))
        #expect(answered.gateways.ready == 2 && answered.requestsInFlight == 3)
        let silent = signals.observe([member("a", try gateway()), member("b", nil, .unwell)], at: .seconds(3))
        #expect(silent.gateways.ready == 2 && silent.requestsInFlight == nil)
    }

    @Test("A missing metric is unknown")
    func missing() throws {
        var signals = Signals()
        let text = "tidemark_http_requests_in_flight 3\n"
        for second in [0, 1] {
            let observation = signals.observe(
                [member("a", try Exposition(parsing: text.utf8))], at: .seconds(second))
            #expect(observation.gateways.processors == nil && observation.requestRate == nil)
            #expect(observation.requestsInFlight == nil && observation.latency == nil)
        }
    }

    @Test("A counter that fell began again at zero")
    func reset() throws {
        var signals = Signals()
        _ = signals.observe([member("a", try gateway(requests: 1_000))], at: .zero)
        #expect(signals.observe([member("a", try gateway(requests: 30))], at: .seconds(1)).requestRate == 30)
    }

    @Test("Those that drain are not counted, but what they do is")
    func draining() throws {
        var signals = Signals()
        _ = signals.observe([member("a", try gateway()), member("b", try gateway())], at: .zero)
        let observation = signals.observe(
            [
                member("a", try gateway(processor: 1)),
                member("b", try gateway(processor: 1, inFlight: 9, requests: 7), .draining),
            ],
            at: .seconds(1))
        #expect(observation.gateways == .init(ready: 1, draining: 1, processors: 1))
        #expect(observation.requestsInFlight == 8 && observation.requestRate == 7)
    }

    @Test("The backlog and its growth, the apply rate and the oldest command, over all projectors")
    func projectors() throws {
        var signals = Signals()
        // One that is seen for the first time has no rates, and counts as starting.
        for moment in [Duration.seconds(-2), .zero] {
            _ = signals.observe(
                [
                    owner("a", try projector(applied: 100, backlog: "50", owned: 2)),
                    owner("b", try projector(applied: 100, backlog: "50", owned: 2)),
                ], at: moment)
        }
        let observation = signals.observe(
            [
                owner("a", try projector(applied: 150, backlog: "80", oldest: "3", owned: 2)),
                owner("b", try projector(applied: 250, backlog: "40", oldest: "0.5", owned: 2)),
            ], at: .seconds(2))
        #expect(observation.projectors == .init(ready: 2, processors: 0))
        #expect(observation.partitions == 4)
        #expect(observation.backlog == 120 && observation.backlogGrowth == 10)
        #expect(observation.applyRate == 100 && observation.lag == 3)
    }

    @Test(
        "While a partition has no owner, or an owner doesn't know, nobody knows the backlog",
        arguments: [(3, "7"), (4, "NaN")])
    func unowned(owned: Int, backlog: String) throws {
        var signals = Signals()
        for second in [0, 1] {
            let observation = signals.observe(
                [owner("a", try projector(backlog: backlog, owned: owned))], at: .seconds(second))
            #expect(observation.backlog == nil && observation.backlogGrowth == nil)
        }
    }

    @Test("How many partitions there are is remembered, and no limit before it is known")
    func partitions() throws {
        var signals = Signals()
        #expect(signals.observe([], at: .zero).partitions == .max)
        _ = signals.observe([owner("a", try projector(owned: 0, partitions: 0))], at: .seconds(1))
        #expect(signals.observe([], at: .seconds(2)).partitions == .max)
        _ = signals.observe([owner("a", try projector())], at: .seconds(3))
        #expect(signals.observe([], at: .seconds(4)).partitions == 4)
    }

    @Test("When nobody can tell which instances there are, there are as many as before, and all else is unknown")
    func nothing() throws {
        var signals = Signals()
        #expect(signals.observeNothing(at: .zero) == nil)
        for second in [0, 1] {
            _ = signals.observe([member("a", try gateway()), owner("b", try projector())], at: .seconds(second))
        }
        #expect(
            signals.observeNothing(at: .seconds(2))
                == Observation(
                    at: .seconds(2), gateways: .init(ready: 1), projectors: .init(ready: 1), partitions: 4))
    }

    @Test("Those are counted that have work for a second at their own rate")
    func busy() throws {
        var signals = Signals()
        for second in [0, 1] {
            _ = signals.observe(
                [owner("a", try projector(owned: 2)), owner("b", try projector(owned: 2))], at: .seconds(second))
        }
        let members = [
            owner("a", try projector(applied: 100, backlog: "101", owned: 2)),
            owner("b", try projector(applied: 300, backlog: "300", owned: 2)),
        ]
        #expect(signals.observe(members, at: .seconds(2)).busyProjectors == 1)
    }
}
