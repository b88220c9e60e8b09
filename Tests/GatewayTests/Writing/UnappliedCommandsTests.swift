import Commands
import Gateway
import Testing

@Suite struct UnappliedCommandsTests {
    private let start = ContinuousClock.now
    private func at(_ second: Int) -> ContinuousClock.Instant { start + .seconds(second) }

    @Test("What was accepted and is not applied is counted, of all partitions")
    func counted() {
        var unapplied = UnappliedCommands(partitions: 3)
        unapplied.accepted([5, 0, 2], at: at(0))
        #expect(unapplied.count == 7)
        unapplied.applied([Partition(0): 3, Partition(2): 2])
        #expect(unapplied.count == 2)
        unapplied.accepted([9, 1, 2], at: at(1))
        unapplied.applied([Partition(0): 9, Partition(1): 1])
        #expect(unapplied.count == 0)
        #expect(unapplied.oldest == nil)
    }

    @Test("The oldest waits since it was first seen, however much is accepted and applied after and before it")
    func oldest() {
        var unapplied = UnappliedCommands(partitions: 2)
        unapplied.accepted([4, 0], at: at(0))
        unapplied.accepted([8, 3], at: at(1))
        unapplied.accepted([8, 7], at: at(2))
        #expect(unapplied.oldest == at(0))
        unapplied.applied([Partition(0): 4])
        #expect(unapplied.oldest == at(1))
        unapplied.applied([Partition(0): 7])
        #expect(unapplied.oldest == at(1))
        unapplied.applied([Partition(0): 8, Partition(1): 3])
        #expect(unapplied.oldest == at(2))
    }

    @Test("When nothing is applied for hours, memory stays bounded and the oldest stays the oldest")
    func bounded() {
        var unapplied = UnappliedCommands(partitions: 1)
        for second in 1...10_000 { unapplied.accepted([UInt64(second)], at: at(second)) }
        #expect(unapplied.oldest == at(1))
        #expect(unapplied.count == 10_000)
        unapplied.applied([Partition(0): 9_999])
        #expect(unapplied.count == 1)
        #expect(unapplied.oldest != nil)
    }

    @Test("An applied n that goes back, of a database that answers late, changes nothing")
    func late() {
        var unapplied = UnappliedCommands(partitions: 1)
        unapplied.accepted([10], at: at(0))
        unapplied.applied([Partition(0): 8])
        unapplied.applied([Partition(0): 5])
        #expect(unapplied.count == 2)
    }
}
