import Lanes
import Synchronization
import Testing

@Suite("Lanes")
struct LanesTests {
    @Test("A mailbox takes as much as it holds, and nothing once it is closed")
    func admission() {
        let mailbox = Mailbox<Int>(capacity: 2)
        #expect([mailbox.post(1), mailbox.post(2), mailbox.post(3)] == [.accepted, .accepted, .full])
        mailbox.close()
        #expect(mailbox.post(4) == .closed)
        var batch: [Int] = []
        #expect(mailbox.wait(into: &batch, timeout: .seconds(10)).closed)
        #expect(batch == [1, 2])
    }

    @Test("Waiting ends after its time")
    func timeout() {
        let mailbox = Mailbox<Int>(capacity: 2)
        var batch: [Int] = []
        let wakeup = mailbox.wait(into: &batch, timeout: .milliseconds(1))
        #expect(batch.isEmpty && !wakeup.closed && !wakeup.descriptorReady)
    }

    @Test("A lane gets every message once, in each poster's order, and answers all before it ends")
    func order() async {
        let received = Mutex<[(poster: Int, number: Int)]>([])
        let lane = Lane<(Int, Int)>(name: "test", capacity: 100_000) { mailbox in
            var batch: [(Int, Int)] = []
            while true {
                let wakeup = mailbox.wait(into: &batch, timeout: .seconds(10))
                received.withLock { $0 += batch }
                batch.removeAll()
                if wakeup.closed { return }
            }
        }
        await withTaskGroup(of: Void.self) { group in
            for poster in 0..<8 { group.addTask { for number in 0..<1_000 { lane.post((poster, number)) } } }
        }
        await lane.close()
        await lane.close()
        let all = received.withLock { $0 }
        #expect(all.count == 8_000)
        for poster in 0..<8 { #expect(all.filter { $0.poster == poster }.map(\.number) == Array(0..<1_000)) }
    }

    @Test(
        "An inbox hands out as much as the limit allows, and at least one",
        arguments: [
            (1, [[5], [1], [2], [9]]), (5, [[5], [1, 2], [9]]), (6, [[5, 1], [2], [9]]), (100, [[5, 1, 2, 9]]),
        ])
    func inboxLimit(limit: Int, expected: [[Int]]) async {
        let inbox = Inbox<Int>()
        inbox.append(contentsOf: [5, 1, 2, 9])
        inbox.finish()
        inbox.append(contentsOf: [7])
        var batches: [[Int]] = []
        while let batch = await inbox.next(limit: limit, weight: { $0 }) { batches.append(batch) }
        #expect(batches == expected)
    }

    @Test("An inbox that is discarded ends at once")
    func inboxDiscard() async {
        let inbox = Inbox<Int>()
        inbox.append(contentsOf: [1])
        inbox.discard()
        #expect(await inbox.next(limit: 1, weight: { _ in 1 }) == nil)
    }

    @Test("A consumer that waits gets what comes, and the end")
    func inboxWaiting() async {
        let inbox = Inbox<Int>()
        async let all: [Int] = {
            var all: [Int] = []
            while let batch = await inbox.next(limit: 10, weight: { _ in 1 }) { all += batch }
            return all
        }()
        for number in 0..<100 {
            inbox.append(contentsOf: CollectionOfOne(number))
            await Task.yield()
        }
        inbox.finish()
        #expect(await all == Array(0..<100))
    }

    @Test("A cancelled consumer stops waiting, and loses nothing that another could take", arguments: 0..<50)
    func inboxCancellation(round: Int) async {
        let inbox = Inbox<Int>()
        let consumer = Task { await inbox.next(limit: 10, weight: { _ in 1 }) }
        if round % 2 == 0 { await Task.yield() }
        consumer.cancel()
        #expect(await consumer.value == nil)
        inbox.append(contentsOf: [1])
        #expect(await inbox.next(limit: 10, weight: { _ in 1 }) == [1])
    }
}
