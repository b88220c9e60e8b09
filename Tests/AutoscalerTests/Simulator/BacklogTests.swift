import SplitMix
import Testing

@testable import Autoscaler

@Suite("A backlog")
struct BacklogTests {
    @Test("What came first goes first, and the rest is as old as it is")
    func order() {
        var backlog = Backlog()
        for second in 1...3 { #expect(backlog.add(10, at: Double(second), limit: 100) == 0) }
        #expect(backlog.oldest == 1)
        backlog.take(10)
        #expect(backlog.oldest == 2)
        backlog.take(15)
        #expect(backlog.oldest == 3)
        #expect(backlog.amount == 5)
        backlog.take(5)
        #expect(backlog.oldest == nil)
        #expect(backlog.amount == 0)
    }

    @Test("What has no room is refused")
    func full() {
        var backlog = Backlog()
        #expect(backlog.add(70, at: 0, limit: 100) == 0)
        #expect(backlog.add(70, at: 1, limit: 100) == 40)
        #expect(backlog.amount == 100)
    }

    @Test("Whatever comes and goes, the amount is the difference", arguments: UInt64(0)..<20)
    func balance(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var backlog = Backlog()
        var expected = 0.0
        for second in 0..<5_000 {
            let wanted = Double(random.below(1_000))
            expected += wanted - backlog.add(wanted, at: Double(second), limit: 20_000)
            let taken = min(Double(random.below(1_000)), backlog.amount)
            backlog.take(taken)
            expected -= taken
            #expect(abs(backlog.amount - expected) < 1e-6)
            #expect((backlog.oldest == nil) == (backlog.amount == 0))
        }
    }
}
