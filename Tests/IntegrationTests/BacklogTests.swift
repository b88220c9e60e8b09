import Commands
import EventLog
import Foundation
import Projector
import Testing

@Suite("A projector's backlog on real servers") struct BacklogTests {
    @Test(
        "While nothing is applied, what was accepted is counted to the command and grows older; afterwards nothing is left"
    )
    func standstill() async throws {
        let cluster = try await TestCluster(partitions: 2)
        let gate = TestGate()
        let depths = RabbitMQSource(
            configuration: cluster.bus, partitions: cluster.description.partitioner, logger: TestCluster.quiet)
        let hooks = ProjectorHooks(beforeTransaction: { _ throws(EventLogError) in await gate.pass() })
        try await cluster.withProjector(hooks: hooks) { projector in
            let meter = ProgressMeter(worker: projector.worker) { try await depths.depth(of: $0) }
            try await cluster.withGateway { gateway in
                try await eventually("nothing waits", state: { await meter.measure() }) { $0?.commands == 0 }

                await gate.close()
                for number in 0..<20 { #expect(try await gateway.put("k\(number)", "v").status == 202) }
                try await eventually("all of them wait", state: { await meter.measure() }) { $0?.commands == 20 }
                let oldest = try #require(await meter.measure()?.oldest)
                #expect(try await gateway.put("later", "v").status == 202)
                try await eventually("one more", state: { await meter.measure() }) { $0?.commands == 21 }
                #expect(await meter.measure()?.oldest == oldest, "its oldest is the same")

                await gate.open()
                try await eventually("nothing waits", state: { await meter.measure() }) {
                    $0?.commands == 0 && $0?.oldest == nil
                }
            }
        }
        await depths.close()
    }
}

/// Lets pass while it is open.
private actor TestGate {
    private var closed = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func pass() async {
        guard closed else { return }
        await withCheckedContinuation { waiting.append($0) }
    }

    func close() { closed = true }

    func open() {
        closed = false
        for waiter in waiting { waiter.resume() }
        waiting = []
    }
}
