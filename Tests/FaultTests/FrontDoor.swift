import Checking
import History
import TidemarkClient

/// Clients that go on to the next gateway when one fails them, each with a key of its own: some write, some read what those
/// write, some read what nobody writes. Their calls are recorded with the checker's, and judged with them.
struct FrontDoor: Sendable {
    enum Client: Int, Sendable, CaseIterable {
        case writer, reader, readerAtRest
    }

    /// Of each kind; in several partitions, most likely in all.
    private static let clients = 4
    private static let pause = Duration.milliseconds(20)

    private let gateways: TidemarkClient
    private let recorder: Recorder
    private let prefix: String
    /// The checker's processes have the numbers below.
    private let firstProcess: Int

    init(_ plan: CheckPlan, recorder: Recorder) {
        gateways = TidemarkClient(.init(urls: plan.urls, timeout: .seconds(1), retry: .never))
        self.recorder = recorder
        prefix = plan.prefix
        firstProcess = plan.clients
    }

    /// The longest time that one of these clients was without an answer.
    func outage(of client: Client, in calls: [Call]) -> Duration {
        Outage.longest(of: (0..<Self.clients).map { process(client, $0) }, in: calls)
    }

    private func process(_ client: Client, _ number: Int) -> Int {
        firstProcess + client.rawValue * Self.clients + number
    }

    /// They go on for as long as `body` runs.
    func watch(_ body: () async throws -> Void) async throws {
        do {
            try await withThrowingDiscardingTaskGroup { group in
                for client in Client.allCases {
                    for number in 0..<Self.clients { group.addTask { await keepCalling(as: client, number) } }
                }
                try await body()
                group.cancelAll()
            }
        } catch {
            try? await gateways.shutdown()
            throw error
        }
        try await gateways.shutdown()
    }

    private func keepCalling(as client: Client, _ number: Int) async {
        let process = RecordedProcess(number: process(client, number), recorder: recorder, gateways: [gateways])
        let key = "\(prefix)/door/\(number)\(client == .readerAtRest ? "/at-rest" : "")"
        var calls = 0
        while !Task.isCancelled {
            calls += 1
            if client == .writer || (client == .readerAtRest && calls == 1) {
                await process.write(
                    .put("\(client).\(number).\(calls)"), to: key, gateway: 0, .init(), .asynchronous)
            } else {
                await process.get(key, .eventual, gateway: 0, .asynchronous)
            }
            try? await Task.sleep(for: Self.pause)
        }
    }
}
