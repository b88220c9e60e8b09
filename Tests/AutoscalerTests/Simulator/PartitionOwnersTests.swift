import SplitMix
import Testing

@testable import Autoscaler

@Suite("Partitions and their projectors")
struct PartitionOwnersTests {
    private let model = SystemModel()

    private func apply(_ owners: inout PartitionOwners, _ second: Int) -> Double {
        owners.apply(now: Double(second)).reduce(0) { $0 + $1.commands }
    }

    @Test("Two apply twice as much as one")
    func parallel() {
        for count in [1, 2] {
            var owners = PartitionOwners(workers: Array(0..<count), model: model)
            _ = owners.accept(1e6, now: 0)
            #expect(abs(apply(&owners, 0) - Double(count) * model.applyRate) < 1)
        }
    }

    @Test("More projectors than partitions apply no more than the partitions allow")
    func moreThanPartitions() {
        var model = model
        model.partitions = 2
        model.partitionRate = 1_000
        var owners = PartitionOwners(workers: Array(0..<5), model: model)
        _ = owners.accept(1e6, now: 0)
        #expect(abs(apply(&owners, 0) - 2_000) < 1e-6)
    }

    @Test("A killed one's partitions stand still until its leases are over, and only these")
    func killed() {
        var owners = PartitionOwners(workers: [0, 1], model: model)
        var applied: [Double] = []
        for second in 0...7 {
            _ = owners.accept(16_000, now: Double(second))
            owners.share(among: [1], dead: [0: 0], now: Double(second))
            applied.append(apply(&owners, second))
        }
        #expect(applied[0...5].allSatisfy { abs($0 - 8_000) < 1e-6 })
        #expect(applied[6] > 16_000)
        #expect(owners.lag(now: 8) < 8)
    }

    @Test("What one that leaves hands over stands still for a moment")
    func left() {
        var owners = PartitionOwners(workers: [0, 1], model: model)
        _ = owners.accept(16_000, now: 0)
        owners.share(among: [1], dead: [:], now: 0)
        #expect(abs(apply(&owners, 0) - 8_000) < 1e-6)
        #expect(abs(apply(&owners, 1) - 8_000) < 1e-6)
        #expect(owners.backlog == 0)
    }

    @Test("Whoever comes, leaves and dies, no command is lost or applied twice", arguments: UInt64(0)..<20)
    func balance(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var owners = PartitionOwners(workers: [0], model: model)
        var accepted = 0.0
        var applied = 0.0
        for second in 0..<500 {
            let workers = (0..<4).filter { _ in random.chance(60) }
            let dead = random.chance(20) ? [random.below(4): Double(second - random.below(8))] : [:]
            owners.share(among: workers.filter { dead[$0] == nil }, dead: dead, now: Double(second))
            accepted += 100_000 - owners.accept(100_000, now: Double(second))
            applied += apply(&owners, second)
            #expect(abs(accepted - applied - owners.backlog) < 1e-3)
        }
        for second in 500..<2_000 {
            owners.share(among: [0, 1], dead: [:], now: Double(second))
            applied += apply(&owners, second)
        }
        #expect(owners.backlog == 0)
    }
}
