import Foundation
import SplitMix
import Testing

@testable import Commands

/// Plays random events to a machine, against a broker that takes, refuses, returns and forgets.
private struct PublisherWorld {
    private var generator: SplitMix64
    private var machine: PublisherMachine<Int>
    private var now = ContinuousClock.now
    private let seed: UInt64
    private let limits: PublisherLimits
    private let origin = Origin(7)

    /// The channel: tag - 1 → message, and which tags are not settled.
    private var channel: [PublisherMachine<Int>.Message]?
    private var unsettled: [Int] = []

    private var partitionOfWaiter: [Partition] = []
    private var answers: [Int: Result<Dot, BusError>] = [:]
    /// What the broker took, by command.
    private var taken: [Int: Dot] = [:]
    private var firstBodies: [String: Data] = [:]
    private var nextN: [Partition: UInt64] = [:]
    private var lastSent: [Partition: Int] = [:]
    private var sent: Set<Int> = []

    init(seed: UInt64) {
        self.seed = seed
        generator = SplitMix64(seed: seed)
        var limits = PublisherLimits()
        limits.batchCommands = Int.random(in: 1...5, using: &generator)
        limits.batchBytes = Int.random(in: 50...2_000, using: &generator)
        limits.messagesInFlight = generator.chance(70) ? 1 : 2
        limits.waitingCommands = Int.random(in: 5...40, using: &generator)
        limits.waitingBytes = 4_000
        self.limits = limits
        machine = PublisherMachine(origin: origin, partitions: 3, limits: limits, now: now)
    }

    mutating func run(steps: Int) {
        for _ in 0..<steps {
            step()
            perform()
        }
        // In the end everything heals: the connection comes back, and the broker settles all that is sent.
        machine.unblock()
        var patience = 10_000
        while !machine.isEmpty && patience > 0 {
            if channel == nil { connect() }
            perform()
            settle(accept: true)
            perform()
            patience -= 1
        }
        #expect(machine.isEmpty && machine.waitingBytes == 0, "seed \(seed): something is left")
        #expect(answers.count == partitionOfWaiter.count, "seed \(seed): a command has no answer")
        for (waiter, answer) in answers {
            switch answer {
            case .success(let dot):
                #expect(taken[waiter] == dot, "seed \(seed): \(waiter) was confirmed and is not in the queue")
            case .failure(let error) where !error.mayHaveBeenAccepted:
                #expect(taken[waiter] == nil, "seed \(seed): \(waiter) was refused and is in the queue")
            case .failure: break
            }
        }
    }

    private mutating func step() {
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<45: for _ in 0..<Int.random(in: 1...4, using: &generator) { submit() }
        case 45..<75: settle(accept: generator.chance(85))
        case 75..<80: if channel == nil { connect() } else { disconnect() }
        case 80..<84 where channel == nil: connect()
        case 84..<86: machine.block()
        case 86..<90: machine.unblock()
        default:
            now += .milliseconds(Int.random(in: 1...2_000, using: &generator))
            machine.tick(at: now)
        }
    }

    private mutating func submit() {
        let waiter = partitionOfWaiter.count
        let partition = Partition(Int.random(in: 0..<3, using: &generator))
        partitionOfWaiter.append(partition)
        let command = Command(
            id: CommandID(high: 0, low: UInt64(waiter)),
            operation: .put(Content(value: .random(upTo: 300, using: &generator))), key: Key(trusted: "k"),
            principal: "", issuedAt: Timestamp(microseconds: 0))
        machine.submit(EncodedCommand(command), to: partition, waiter: waiter, at: now)
        #expect(machine.waitingCommands <= limits.waitingCommands && machine.waitingBytes <= limits.waitingBytes)
    }

    private mutating func connect() {
        channel = []
        unsettled = []
        machine.connect(at: now)
    }

    /// The broker may have taken some of what it did not confirm.
    private mutating func disconnect() {
        for tag in unsettled.prefix(Int.random(in: 0...unsettled.count, using: &generator)) { take(channel![tag - 1]) }
        channel = nil
        unsettled = []
        machine.disconnect(at: now)
    }

    /// Settles one message, or all up to it.
    private mutating func settle(accept: Bool) {
        guard let channel, !unsettled.isEmpty else { return }
        let multiple = generator.chance(40)
        let position = Int.random(in: 0..<unsettled.count, using: &generator)
        let tags = multiple ? Array(unsettled[...position]) : [unsettled[position]]
        for tag in tags {
            let message = channel[tag - 1]
            if accept && generator.chance(10) {
                machine.returned(from: message.partition, id: message.id)
            } else if accept {
                take(message)
            }
        }
        unsettled.removeAll { tags.contains($0) }
        machine.settle(tag: UInt64(tags.last!), multiple: multiple, accepted: accept, at: now)
    }

    private mutating func take(_ message: PublisherMachine<Int>.Message) {
        let batch = try! CommandBatch.decode(message.body).get()
        for (offset, command) in batch.commands.enumerated() {
            taken[Int(command.id.low)] = Dot(origin: batch.origin, n: batch.firstN + UInt64(offset))
        }
    }

    private mutating func perform() {
        var reconnect = false
        for action in machine.takeActions(at: now) {
            switch action {
            case .publish(let message):
                #expect(channel != nil, "seed \(seed): a message without a channel")
                channel?.append(message)
                unsettled.append(channel?.count ?? 0)
                check(message)
            case .answer(let waiter, let answer):
                #expect(answers.updateValue(answer, forKey: waiter) == nil, "seed \(seed): \(waiter) has two answers")
                if case .failure(let error) = answer, error.code == .unavailable {
                    #expect(!sent.contains(waiter), "seed \(seed): \(waiter) was withdrawn after it was sent")
                }
            case .reconnect: reconnect = true
            case .confirmed: break
            }
        }
        if reconnect && channel != nil && generator.chance(50) { disconnect() }
    }

    private mutating func check(_ message: PublisherMachine<Int>.Message) {
        let batch = try! CommandBatch.decode(message.body).get()
        let partition = message.partition
        #expect(batch.partition == partition && batch.origin == origin)
        #expect(message.id == MessageID(firstN: batch.firstN, count: batch.commands.count))
        #expect(batch.commands.count <= limits.batchCommands)
        if let first = firstBodies["\(partition)/\(batch.firstN)"] {
            #expect(first == message.body, "seed \(seed): a retransmission differs")
            return
        }
        firstBodies["\(partition)/\(batch.firstN)"] = message.body
        #expect(batch.firstN == nextN[partition, default: 1], "seed \(seed): n has a gap")
        nextN[partition] = batch.firstN + UInt64(batch.commands.count)
        for command in batch.commands {
            let waiter = Int(command.id.low)
            #expect(partitionOfWaiter[waiter] == partition)
            #expect(waiter > lastSent[partition, default: -1], "seed \(seed): out of order")
            #expect(answers[waiter] == nil, "seed \(seed): \(waiter) is sent after it was answered")
            lastSent[partition] = waiter
            sent.insert(waiter)
        }
    }
}

@Suite("Publisher machine, random events")
struct PublisherMachinePropertyTests {
    @Test("Whatever happens, each command has one true answer, in order, with its own number", arguments: 0..<100)
    func anyHistory(seed: Int) {
        var world = PublisherWorld(seed: UInt64(seed))
        world.run(steps: 300)
    }
}
