import Checking
import History
import TidemarkClient

/// Clients that go on to the next gateway when one fails them: half of them read, half of them write, each a key of its own.
/// Their calls are recorded with the checker's, and judged with them.
struct FrontDoor: Sendable {
    static let pairs = 4
    private static let pause = Duration.milliseconds(20)

    private let client: TidemarkClient
    private let recorder: Recorder
    private let prefix: String
    /// Of the first of them; those of the checker have the numbers below.
    private let firstProcess: Int

    init(_ plan: CheckPlan, recorder: Recorder) {
        client = TidemarkClient(.init(urls: plan.urls, timeout: .seconds(1), retry: .never))
        self.recorder = recorder
        prefix = plan.prefix
        firstProcess = plan.clients
    }

    /// Processes that read, and processes that write.
    var readers: [Int] { (0..<Self.pairs).map { firstProcess + 2 * $0 } }
    var writers: [Int] { readers.map { $0 + 1 } }

    /// They go on for as long as `body` runs.
    func watch(_ body: () async throws -> Void) async throws {
        do {
            try await withThrowingDiscardingTaskGroup { group in
                for number in 0..<Self.pairs {
                    let key = "\(prefix)/door/\(number)"
                    group.addTask { await keepReading(key, as: readers[number]) }
                    group.addTask { await keepWriting(key, as: writers[number]) }
                }
                try await body()
                group.cancelAll()
            }
        } catch {
            try? await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }

    private func keepReading(_ key: String, as number: Int) async {
        let process = RecordedProcess(number: number, recorder: recorder, gateways: [client])
        while !Task.isCancelled {
            await process.get(key, .eventual, gateway: 0, .asynchronous)
            try? await Task.sleep(for: Self.pause)
        }
    }

    private func keepWriting(_ key: String, as number: Int) async {
        let process = RecordedProcess(number: number, recorder: recorder, gateways: [client])
        var written = 0
        while !Task.isCancelled {
            written += 1
            await process.write(.put("\(number).\(written)"), to: key, gateway: 0, .init(), .asynchronous)
            try? await Task.sleep(for: Self.pause)
        }
    }
}
