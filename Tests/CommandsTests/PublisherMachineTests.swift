import Foundation
import Testing

@testable import Commands

/// Runs a machine and notes what it says, in words that fit on a line.
private struct Bench {
    var machine: PublisherMachine<Int>
    var now = ContinuousClock.now
    private(set) var published: [String: Data] = [:]

    init(connected: Bool = true, _ change: (inout PublisherLimits) -> Void = { _ in }) {
        var limits = PublisherLimits()
        change(&limits)
        machine = PublisherMachine(origin: Origin(7), partitions: 4, limits: limits, now: now)
        if connected { machine.connect(at: now) }
    }

    mutating func submit(_ waiters: Int..., to partition: Int = 0, bytes: Int = 10) {
        for waiter in waiters {
            let command = Command(
                id: CommandID(high: 0, low: UInt64(waiter)),
                operation: .put(Content(value: Data(count: bytes), type: "")), key: Key(trusted: "k"),
                principal: "", issuedAt: Timestamp(microseconds: 0))
            machine.submit(EncodedCommand(command), to: Partition(partition), waiter: waiter, at: now)
        }
    }

    mutating func acknowledge(_ tag: UInt64, multiple: Bool = false) {
        machine.settle(tag: tag, multiple: multiple, accepted: true, at: now)
    }

    mutating func refuse(_ tag: UInt64, multiple: Bool = false) {
        machine.settle(tag: tag, multiple: multiple, accepted: false, at: now)
    }

    mutating func pass(_ time: Duration) {
        now += time
        machine.tick(at: now)
    }

    /// Messages as `send partition:firstN+count`, answers as `waiter=n` or `waiter=code`.
    mutating func actions() -> [String] {
        machine.takeActions(at: now).compactMap { action in
            switch action {
            case .publish(let message):
                let name = "\(message.partition):\(message.id)"
                #expect(published[name] == nil || published[name] == message.body, "a retransmission differs")
                published[name] = message.body
                return "send \(name)"
            case .answer(let waiter, .success(let dot)): return "\(waiter)=\(dot.n)"
            case .answer(let waiter, .failure(let error)): return "\(waiter)=\(error.code)"
            case .reconnect: return "reconnect"
            case .confirmed: return nil
            }
        }
    }
}

@Suite("Publisher machine")
struct PublisherMachineTests {
    @Test("An idle partition sends at once; what arrives meanwhile leaves as one message with the confirm")
    func groupCommit() {
        var bench = Bench()
        bench.submit(1)
        #expect(bench.actions() == ["send 0:1+1"])
        bench.submit(2, 3, 4)
        #expect(bench.actions() == [])
        bench.acknowledge(1)
        #expect(bench.actions() == ["1=1", "send 0:2+3"])
        bench.acknowledge(2)
        #expect(bench.actions() == ["2=2", "3=3", "4=4"])
        #expect(bench.machine.isEmpty && bench.machine.waitingBytes == 0)
    }

    @Test("Partitions do not wait for each other, and each counts from 1")
    func partitions() {
        var bench = Bench()
        bench.submit(1, to: 0)
        bench.submit(2, to: 3)
        #expect(bench.actions() == ["send 0:1+1", "send 3:1+1"])
        bench.acknowledge(2, multiple: true)
        #expect(bench.actions() == ["1=1", "2=1"])
    }

    @Test("A batch ends at its limit of commands")
    func batchCommands() {
        var bench = Bench { $0.batchCommands = 2 }
        bench.submit(1, 2, 3)
        #expect(bench.actions() == ["send 0:1+2"])
        bench.acknowledge(1)
        #expect(bench.actions() == ["1=1", "2=2", "send 0:3+1"])
    }

    @Test("A batch ends at its limit of bytes, and a larger command goes alone")
    func batchBytes() {
        var bench = Bench { $0.batchBytes = 1_000 }
        bench.submit(1, bytes: 5_000)
        bench.submit(2, 3, bytes: 400)
        bench.submit(4, bytes: 400)
        #expect(bench.actions() == ["send 0:1+1"])
        bench.acknowledge(1)
        #expect(bench.actions() == ["1=1", "send 0:2+2"])
    }

    @Test("With two messages in flight the second does not wait for the first")
    func twoInFlight() {
        var bench = Bench {
            $0.messagesInFlight = 2
            $0.batchCommands = 1
        }
        bench.submit(1, 2, 3)
        #expect(bench.actions() == ["send 0:1+1", "send 0:2+1"])
        bench.acknowledge(2)
        #expect(bench.actions() == ["2=2", "send 0:3+1"])
        bench.machine.disconnect(at: bench.now)
        bench.machine.connect(at: bench.now)
        #expect(bench.actions() == ["send 0:1+1", "send 0:3+1"])
    }

    @Test("A full queue refuses the whole message, for good, and its numbers are not used again")
    func full() {
        var bench = Bench()
        bench.submit(1, 2)
        _ = bench.actions()
        bench.submit(3)
        bench.refuse(1)
        #expect(bench.actions() == ["1=full", "2=full", "send 0:3+1"])
    }

    @Test("A message that no queue takes is refused although the broker confirms it, and the queues are declared again")
    func unroutable() {
        var bench = Bench()
        bench.submit(1)
        _ = bench.actions()
        bench.machine.returned(from: Partition(0), id: MessageID(firstN: 1, count: 1))
        bench.machine.returned(from: Partition(99), id: MessageID(firstN: 1, count: 1))
        bench.acknowledge(1)
        #expect(bench.actions() == ["reconnect", "1=unroutable"])
    }

    @Test("After a lost connection the unconfirmed go first, with the same numbers, then what gathered")
    func retransmission() {
        var bench = Bench()
        bench.submit(1)
        bench.submit(2, to: 1)
        #expect(bench.actions() == ["send 0:1+1", "send 1:1+1"])
        bench.submit(3)
        bench.machine.disconnect(at: bench.now)
        bench.submit(4)
        #expect(bench.actions() == [])
        bench.acknowledge(1)
        #expect(bench.actions() == [], "a confirm of the old channel means nothing")
        bench.machine.connect(at: bench.now)
        #expect(bench.actions() == ["send 0:1+1", "send 1:1+1"])
        bench.acknowledge(2, multiple: true)
        #expect(bench.actions() == ["1=1", "2=1", "send 0:2+2"])
    }

    @Test("A connection that is lost before its messages were written leaves none of them behind")
    func lostAtOnce() {
        var bench = Bench(connected: false)
        bench.submit(1)
        bench.machine.connect(at: bench.now)
        bench.machine.disconnect(at: bench.now)
        #expect(bench.actions() == [])
        bench.machine.connect(at: bench.now)
        #expect(bench.actions() == ["send 0:1+1"])
    }

    @Test("The refusal of a second copy leaves open what became of the first", arguments: [true, false])
    func refusedRetransmission(byReturn: Bool) {
        var bench = Bench()
        bench.submit(1)
        _ = bench.actions()
        bench.machine.disconnect(at: bench.now)
        bench.machine.connect(at: bench.now)
        _ = bench.actions()
        if byReturn {
            bench.machine.returned(from: Partition(0), id: MessageID(firstN: 1, count: 1))
            bench.acknowledge(1)
        } else {
            bench.refuse(1)
        }
        #expect(bench.actions().last == "1=outcomeUnknown")
        #expect(bench.machine.isEmpty)
    }

    @Test("A command that was not sent in time is withdrawn and never sent")
    func withdrawn() {
        var bench = Bench()
        bench.submit(1)
        _ = bench.actions()
        bench.pass(.seconds(1))
        bench.submit(2)
        bench.pass(.seconds(2))
        bench.submit(3)
        bench.pass(.milliseconds(2_000))
        #expect(bench.actions() == ["1=outcomeUnknown"])
        bench.pass(.seconds(1))
        #expect(bench.actions() == ["2=unavailable"])
        bench.acknowledge(1)
        #expect(bench.actions() == ["send 0:2+1"], "1 has its answer, 2 is gone, 3 follows with the next number")
    }

    @Test("A batch whose callers have gone is sent again until it is confirmed")
    func abandonedBatch() {
        var bench = Bench()
        bench.submit(1)
        _ = bench.actions()
        bench.pass(.seconds(5))
        bench.machine.disconnect(at: bench.now)
        #expect(bench.actions() == ["1=outcomeUnknown"])
        bench.pass(.seconds(60))
        bench.machine.connect(at: bench.now)
        #expect(bench.actions() == ["send 0:1+1"])
        bench.acknowledge(1)
        #expect(bench.actions() == [] && bench.machine.isEmpty)
    }

    @Test("Without a connection commands wait a moment, then are refused at once")
    func outage() {
        var bench = Bench(connected: false)
        bench.submit(1)
        bench.pass(.milliseconds(900))
        #expect(bench.actions() == [] && bench.machine.accepts(at: bench.now))
        bench.pass(.milliseconds(200))
        bench.submit(2)
        #expect(bench.actions() == ["1=unavailable", "2=unavailable"])
        #expect(!bench.machine.accepts(at: bench.now))
        bench.machine.connect(at: bench.now)
        bench.submit(3)
        #expect(bench.actions() == ["send 0:1+1"])
    }

    @Test("While the broker is short of memory, what is in flight is awaited and nothing is taken or sent")
    func blocked() {
        var bench = Bench()
        bench.submit(1)
        _ = bench.actions()
        bench.submit(2)
        bench.machine.block()
        bench.submit(3)
        bench.acknowledge(1)
        #expect(bench.actions() == ["3=full", "1=1"])
        #expect(!bench.machine.accepts(at: bench.now))
        bench.machine.unblock()
        #expect(bench.actions() == ["send 0:2+1"])
    }

    @Test("More commands or bytes than may wait are refused at once")
    func bounds() {
        var bench = Bench { $0.waitingCommands = 2 }
        bench.submit(1, 2, 3)
        #expect(bench.actions() == ["3=full", "send 0:1+2"])
        bench.submit(4)
        #expect(bench.actions() == ["4=full"], "what is in flight counts")
        bench.acknowledge(1)
        bench.submit(5)
        #expect(bench.actions() == ["1=1", "2=2", "send 0:3+1"])

        var small = Bench { $0.waitingBytes = 1_000 }
        small.submit(1, 2, bytes: 600)
        #expect(small.actions() == ["2=full", "send 0:1+1"])
    }

    @Test("Closing answers everyone")
    func close() {
        var bench = Bench()
        bench.submit(1)
        _ = bench.actions()
        bench.submit(2)
        bench.machine.close()
        bench.submit(3)
        #expect(bench.actions() == ["2=unavailable", "1=outcomeUnknown", "3=unavailable"])
        #expect(bench.machine.isEmpty)
    }

    @Test("Confirms of unknown messages mean nothing", arguments: [0, 1, 99] as [UInt64])
    func strayConfirms(tag: UInt64) {
        var bench = Bench()
        bench.acknowledge(tag)
        bench.acknowledge(tag, multiple: true)
        bench.submit(1)
        #expect(bench.actions() == ["send 0:1+1"])
        bench.acknowledge(1)
        bench.acknowledge(1)
        #expect(bench.actions() == ["1=1"])
    }
}
