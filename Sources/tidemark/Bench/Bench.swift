import SplitMix
import TidemarkClient

/// Runs concurrent clients and adds up what they measured.
struct Bench: Sendable {
    private let client: TidemarkClient
    private let plan: BenchClient.Plan
    private let clients: Int
    private let chooser: KeyChooser
    private let inserts: InsertCounter

    init(
        _ client: TidemarkClient, _ plan: BenchClient.Plan, clients: Int, chooser: KeyChooser, _ inserts: InsertCounter
    ) {
        self.client = client
        self.plan = plan
        self.clients = clients
        self.chooser = chooser
        self.inserts = inserts
    }

    /// - Parameter next: the operation that comes next, or `nil` to end; called by all clients at once.
    func run(
        _ phase: String, _ next: @escaping @Sendable (inout SplitMix64) -> Workload.Operation?
    ) async -> BenchReport {
        let start = ContinuousClock.now
        let total = await withTaskGroup(of: BenchClient.Result.self) { group in
            for number in 0..<clients {
                group.addTask {
                    var plan = plan
                    plan.seed = plan.seed &+ UInt64(number) &* 0x9e37_79b9_7f4a_7c15
                    // Clients with a rate take turns instead of sending all at once.
                    if let interval = plan.interval {
                        try? await Task.sleep(for: interval * (Double(number) / Double(clients)))
                    }
                    var client = BenchClient(client, plan, chooser: chooser, inserts: inserts)
                    await client.run(next)
                    return client.result
                }
            }
            return await group.reduce(into: BenchClient.Result()) { $0.add($1) }
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let records = Workload.Operation.allCases.compactMap { operation in
            total.records[operation].map { (operation.rawValue, $0) }
        }
        return BenchReport(phase: phase, seconds: seconds, records: records, firstError: total.firstError)
    }
}
