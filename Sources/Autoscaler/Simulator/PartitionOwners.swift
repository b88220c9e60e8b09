/// Which projector owns which partition, and what waits there. Shares as `LeasePolicy` makes them: equal, nothing moved
/// without need; what moves stands still for a while.
struct PartitionOwners {
    private struct Partition {
        var owner: Int?
        /// Nothing is applied before.
        var standsUntil = 0.0
        var backlog = Backlog()
    }

    private let model: SystemModel
    private var partitions: [Partition]
    private var workers: [Int] = []
    private var settled = false

    init(workers: [Int], model: SystemModel) {
        self.model = model
        partitions = Array(repeating: Partition(), count: model.partitions)
        share(among: workers, dead: [:], now: 0, still: 0)
    }

    var backlog: Double { partitions.reduce(0) { $0 + $1.backlog.amount } }

    func backlog(of worker: Int) -> Double {
        partitions.reduce(0) { $1.owner == worker ? $0 + $1.backlog.amount : $0 }
    }

    /// Seconds that the oldest command has waited.
    func lag(now: Double) -> Double {
        partitions.compactMap(\.backlog.oldest).min().map { now - $0 } ?? 0
    }

    /// - Parameter dead: projectors whose leases still stand although they are gone, with when they died.
    mutating func share(among workers: [Int], dead: [Int: Double], now: Double) {
        share(among: workers, dead: dead, now: now, still: model.handOver)
    }

    private mutating func share(among workers: [Int], dead: [Int: Double], now: Double, still: Double) {
        guard workers != self.workers || !settled else { return }
        self.workers = workers
        settled = true
        for index in partitions.indices {
            guard let owner = partitions[index].owner, !workers.contains(owner) else { continue }
            if let since = dead[owner], since + model.takeover > now {
                settled = false
            } else {
                partitions[index].owner = nil
                // Who died has had its pause.
                partitions[index].standsUntil = dead[owner] == nil ? now + still : now
            }
        }
        guard !workers.isEmpty else { return }
        let (least, rest) = partitions.count.quotientAndRemainder(dividingBy: workers.count)
        let targets = workers.indices.map { least + ($0 < rest ? 1 : 0) }
        for (worker, target) in zip(workers, targets) {
            for index in partitions.indices.filter({ partitions[$0].owner == worker }).dropFirst(target) {
                partitions[index].owner = nil
                partitions[index].standsUntil = now + still
            }
        }
        for (worker, target) in zip(workers, targets) {
            let held = partitions.count { $0.owner == worker }
            for index in partitions.indices.filter({ partitions[$0].owner == nil }).prefix(max(0, target - held)) {
                partitions[index].owner = worker
            }
        }
    }

    /// - Returns: commands that the queues refused.
    mutating func accept(_ commands: Double, now: Double) -> Double {
        let each = commands / Double(partitions.count)
        var refused = 0.0
        for index in partitions.indices {
            refused += partitions[index].backlog.add(each, at: now, limit: model.queueLimit)
        }
        return refused
    }

    /// Applies for a second. - Returns: commands applied, and by whom.
    mutating func apply(now: Double) -> [(worker: Int, commands: Double)] {
        workers.map { worker in
            var applied = 0.0
            var wanted = 0.0
            for partition in partitions where partition.owner == worker {
                wanted += Self.wanted(partition, now, model.partitionRate)
            }
            guard wanted > 0 else { return (worker, 0) }
            // The larger a queue, the larger its batches.
            let share = min(1, model.applyRate / wanted)
            for index in partitions.indices where partitions[index].owner == worker {
                let amount = share * Self.wanted(partitions[index], now, model.partitionRate)
                partitions[index].backlog.take(amount)
                applied += amount
            }
            return (worker, applied)
        }
    }

    private static func wanted(_ partition: Partition, _ now: Double, _ rate: Double) -> Double {
        min(partition.backlog.amount, rate * min(1, max(0, now + 1 - partition.standsUntil)))
    }
}
