import Testing

@testable import Autoscaler

@Suite("Instances that come and go")
struct InstancesTests {
    private func two() -> Instances { Instances(ready: 2, startUp: 10, drain: 5, detection: 8) }

    @Test("One that is wanted is ready after its start-up, and counts as starting until then")
    func start() {
        var instances = two()
        instances.reach(3, now: 0)
        instances.advance(to: 9)
        #expect(instances.fleet == .init(ready: 2, starting: 1))
        instances.advance(to: 10)
        #expect(instances.fleet == .init(ready: 3))
    }

    @Test("One that is not wanted drains, costs until it is gone, and works no more")
    func drain() {
        var instances = two()
        instances.reach(1, now: 0)
        #expect(instances.ready == [0])
        #expect(instances.fleet == .init(ready: 1, draining: 1))
        #expect(instances.alive == 2)
        instances.advance(to: 5)
        #expect(instances.alive == 1)
    }

    @Test("One that isn't ready yet is given up before one that is")
    func giveUp() {
        var instances = two()
        instances.reach(3, now: 0)
        instances.reach(2, now: 1)
        #expect(instances.fleet == .init(ready: 2))
    }

    @Test("One that died counts as ready until that is noticed, and is replaced then")
    func death() {
        var instances = two()
        instances.fail(1, now: 0)
        instances.reach(2, now: 7)
        #expect(instances.fleet == .init(ready: 2))
        #expect(instances.ready == [1])
        #expect(instances.alive == 1)
        instances.advance(to: 8)
        instances.reach(2, now: 8)
        #expect(instances.fleet == .init(ready: 1, starting: 1))
    }
}
