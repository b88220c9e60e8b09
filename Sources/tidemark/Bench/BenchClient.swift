import Foundation
import SplitMix
import TidemarkClient

/// One of the concurrent clients: sends an operation, waits for its answer, sends the next one.
struct BenchClient {
    struct Plan: Sendable {
        var prefix: String
        var valueBytes: Int
        var consistency: Consistency?
        var wait: Duration?
        /// The time between two operations of this client; `nil`: as fast as it goes.
        var interval: Duration?
        var seed: UInt64
    }

    /// What it measured.
    struct Result: Sendable {
        var records: [Workload.Operation: LatencyRecord] = [:]
        var firstError: String?

        mutating func add(_ other: Result) {
            for (operation, record) in other.records { records[operation, default: LatencyRecord()].add(record) }
            firstError = firstError ?? other.firstError
        }
    }

    private let client: TidemarkClient
    private let plan: Plan
    private let session: Session?
    private let inserts: InsertCounter
    private var random: SplitMix64
    private var chooser: KeyChooser
    private var value: Data
    private(set) var result = Result()

    init(_ client: TidemarkClient, _ plan: Plan, chooser: KeyChooser, inserts: InsertCounter) {
        self.client = client
        self.plan = plan
        self.chooser = chooser
        self.inserts = inserts
        // A session costs a longer header, and belongs to those that ask for what it gives.
        session = plan.consistency == .session ? Session() : nil
        random = SplitMix64(seed: plan.seed)
        value = Data((0..<plan.valueBytes).map { _ in UInt8(ascii: "a") })
        for index in value.indices { value[index] += UInt8(random.next() % 26) }
    }

    /// Runs operations until `next` gives none.
    ///
    /// With an interval, an operation's latency counts from when it should have been sent: a server that stalls is charged for
    /// the operations that had to wait for it (coordinated omission).
    mutating func run(_ next: (inout SplitMix64) -> Workload.Operation?) async {
        let start = ContinuousClock.now
        var sent = 0
        while !Task.isCancelled, let operation = next(&random) {
            var begin = ContinuousClock.now
            if let interval = plan.interval {
                let due = start + interval * sent
                if due > begin { try? await Task.sleep(until: due, clock: .continuous) }
                begin = due
            }
            sent += 1
            let attempt = ContinuousClock.now
            do {
                let found = try await perform(operation)
                result.records[operation, default: LatencyRecord()].record(.now - begin)
                if !found { result.records[operation, default: LatencyRecord()].absent += 1 }
            } catch {
                result.records[operation, default: LatencyRecord()].errors += 1
                if let status = (error as? TidemarkError)?.status, status == 429 || status == 503 {
                    result.records[operation]?.recordRefusal(.now - attempt)
                }
                result.firstError = result.firstError ?? "\(error)"
            }
        }
    }

    private mutating func perform(_ operation: Workload.Operation) async throws -> Bool {
        switch operation {
        case .insert:
            let record = inserts.next()
            defer { inserts.end(record) }
            try await put(record)
            return true
        case .update:
            try await put(existing())
            return true
        case .read: return try await read(existing())
        case .readModifyWrite:
            let record = existing()
            let found = try await read(record)
            try await put(record)
            return found
        case .scan:
            let limit = 1 + Int(random.next() % UInt64(Workload.longestScan))
            let first = KeyChooser.key(existing(), prefix: plan.prefix)
            _ = try await client.list(
                prefix: plan.prefix, after: first, limit: limit, values: true, consistency: plan.consistency,
                in: session)
            return true
        }
    }

    private mutating func existing() -> UInt64 { chooser.next(records: max(1, inserts.written), &random) }

    private func read(_ record: UInt64) async throws -> Bool {
        let key = KeyChooser.key(record, prefix: plan.prefix)
        return try await client.get(key, consistency: plan.consistency, wait: plan.wait, in: session) != nil
    }

    private mutating func put(_ record: UInt64) async throws {
        // Values differ, and cost next to nothing to make.
        for index in value.indices.prefix(8) { value[index] = UInt8(ascii: "a") + UInt8(random.next() % 26) }
        try await client.put(
            value, for: KeyChooser.key(record, prefix: plan.prefix), options: WriteOptions(wait: plan.wait), in: session
        )
    }
}
