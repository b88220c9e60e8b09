import Commands
import EventLog
import Foundation
import Projector
import Testing

@Suite("Sharing out partitions")
struct LeasePolicyTests {
    let me = WorkerID()
    let other = WorkerID()

    func table(_ owners: [WorkerID?], workers: [WorkerID], expired: Set<Int> = []) -> LeaseTable {
        LeaseTable(
            entries: owners.enumerated().map {
                LeaseTable.Entry(partition: Partition($0), owner: $1, epoch: 1, expired: expired.contains($0))
            }, workers: workers)
    }

    func held(_ numbers: [Int]) -> [Partition: UInt64] {
        Dictionary(uniqueKeysWithValues: numbers.map { (Partition($0), 1) })
    }

    @Test("A worker alone takes everything")
    func alone() {
        let plan = LeasePolicy.plan(table([nil, nil, nil, nil], workers: [me]), for: me, held: [:])
        #expect(plan == .init(acquire: (0..<4).map(Partition.init)))
    }

    @Test("When a second one joins, the first gives up what exceeds its share and the second waits for it")
    func join() {
        let full = table([me, me, me, me, me], workers: [me, other])
        #expect(LeasePolicy.plan(full, for: me, held: held([0, 1, 2, 3, 4])).release == [Partition(3), Partition(4)])
        #expect(LeasePolicy.plan(full, for: other, held: [:]) == .init())
        let freed = table([me, me, me, nil, nil], workers: [me, other])
        #expect(LeasePolicy.plan(freed, for: other, held: [:]).acquire == [Partition(3), Partition(4)])
        #expect(LeasePolicy.plan(freed, for: me, held: held([0, 1, 2])) == .init())
    }

    @Test("Expired leases are free, whosever they were")
    func expired() {
        let plan = LeasePolicy.plan(
            table([other, other, me, me], workers: [me], expired: [0, 1]), for: me, held: held([2, 3]))
        #expect(plan.acquire == [Partition(0), Partition(1)])
    }

    @Test("A partition that the table gives to another, or to another epoch, is lost")
    func lost() {
        let plan = LeasePolicy.plan(
            table([other, me], workers: [me, other]), for: me, held: [Partition(0): 1, Partition(1): 7])
        #expect(plan.lost == [Partition(0), Partition(1)])
    }

    @Test("A partition that the table gives to this worker and that it does not run is taken again")
    func orphaned() {
        let owners = table([me, me, other], workers: [me, other])
        #expect(LeasePolicy.plan(owners, for: me, held: held([0])) == .init(acquire: [Partition(1)]))
        let tooMany = table([me, me, me], workers: [me, other])
        #expect(LeasePolicy.plan(tooMany, for: me, held: held([0, 2])).acquire == [Partition(1)])
    }

    @Test("Shares add up to all partitions", arguments: [(16, 1), (16, 3), (16, 5), (4, 7), (1_024, 10)])
    func shares(partitions: Int, count: Int) {
        let workers = (0..<count).map { _ in WorkerID() }
        let total = workers.reduce(0) { sum, worker in
            sum
                + LeasePolicy.plan(
                    table(Array(repeating: nil, count: partitions), workers: workers), for: worker, held: [:]
                ).acquire.count
        }
        #expect(total == partitions)
    }
}
