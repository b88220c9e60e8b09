package import History
import Synchronization
import TidemarkClient

/// Records a run: load from many processes for as long as something else goes on, then what the cluster says at rest.
///
/// ```swift
/// let recording = try await CheckRun(CheckPlan(urls: [one, two])).record { try await faults() }
/// let verdict = Verdict(of: recording)
/// #expect(verdict.result == .right, "\(verdict.violations.map(\.text))")
/// ```
package final class CheckRun: Sendable {
    /// How far it is.
    package enum Progress: Sendable, Equatable {
        case load(calls: Int)
        case settling(done: Int, of: Int)
    }

    private let plan: CheckPlan
    /// For calls of others that shall be judged too; their processes' numbers follow those of the plan's clients.
    package let recorder = Recorder()
    private let settling = Mutex<(done: Int, of: Int)?>(nil)

    package init(_ plan: CheckPlan) { self.plan = plan }

    package var progress: Progress {
        settling.withLock { $0.map { .settling(done: $0.done, of: $0.of) } } ?? .load(calls: recorder.count)
    }

    /// - Parameter body: the load goes on while it runs; what it throws is thrown here, with nothing recorded.
    package func record(while body: () async throws -> Void) async throws -> Recording {
        let gateways = plan.urls.map { url in
            TidemarkClient(
                .init(
                    urls: [url], bearerToken: plan.bearerToken, authorities: plan.authorities, timeout: plan.timeout,
                    maximumConnections: max(32, plan.clients), retry: .never))
        }
        let result: Recording
        do {
            try await load(gateways, while: body)
            result = await settle(gateways)
        } catch {
            for gateway in gateways { try? await gateway.shutdown() }
            throw error
        }
        for gateway in gateways { try await gateway.shutdown() }
        return result
    }

    private func load(_ gateways: [TidemarkClient], while body: () async throws -> Void) async throws {
        let shared = LoadClient.Shared(keys: plan.keys)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<plan.clients {
                group.addTask { [plan, recorder] in
                    let process = RecordedProcess(number: number, recorder: recorder, gateways: gateways)
                    var client = LoadClient(plan, number: number, process, shared)
                    await client.run()
                }
            }
            defer { shared.stops.store(true, ordering: .relaxed) }
            try await body()
        }
    }

    private func settle(_ gateways: [TidemarkClient]) async -> Recording {
        var recording = Recording(
            start: .init(prefix: plan.prefix, urls: plan.urls, seed: plan.seed, clients: plan.clients))
        recording.calls = recorder.all
        let keys = recording.keys
        let steps = recording.calls.count(where: \.needsStatus) + keys.count
        settling.withLock { $0 = (0, steps) }
        let settling = Settling(
            plan: plan, gateways: gateways, deadline: .now + plan.settleTimeout,
            onStep: { self.settling.withLock { $0?.done += 1 } })
        for status in await settling.statuses(of: recording.calls) { recording.add(.status(status)) }
        for record in await settling.keys(keys) { recording.add(record) }
        return recording
    }
}
