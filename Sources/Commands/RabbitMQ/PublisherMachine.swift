package import Foundation

/// Decides everything about publishing: when a batch is sent, what a confirm means, what happens to what was on its
/// way when a connection was lost, and what each caller is told. It does no I/O and reads no clock.
///
/// The driver reports what happened, then takes the actions and performs them: messages in their order; callers may
/// get their answers before or after. Group commit falls out of that: a partition has one message in flight, commands
/// that arrive meanwhile gather, and the confirm sends them as one.
///
/// Each command gets exactly one answer. A refusal is definitive: it is given only to a command that no broker can
/// have taken, and that will not be sent again.
package struct PublisherMachine<Waiter: Sendable>: Sendable {
    package typealias Instant = ContinuousClock.Instant

    package enum Action: Sendable {
        /// Write this message. The broker counts messages on a channel from 1; so does this machine.
        case publish(Message)
        case answer(Waiter, Result<Dot, BusError>)
        /// A majority of brokers has a message; for the metrics.
        case confirmed(MessageID, Partition, after: Duration)
        /// Connect anew, which declares the queues again: one of them is gone.
        case reconnect
    }

    package struct Message: Sendable, Equatable {
        package var partition: Partition
        /// Names the message to a returned delivery and to whoever looks at the queue: the first n, and how many.
        package var id: MessageID
        package var body: Data
    }

    package let origin: Origin
    package let limits: PublisherLimits

    private var flows: [Flow<Waiter>]
    /// Partitions that may have something to send since the last `takeActions`.
    private var ready: [Int] = []
    private var actions: [Action] = []

    private var connected = false
    private var blocked = false
    private var closed = false
    /// Since when there is no connection.
    private var outageBegan: Instant
    /// The tag of the last message written on this channel, and whose the unconfirmed tags are.
    private var lastTag: UInt64 = 0
    private var lowestTag: UInt64 = 1
    private var partitionOfTag: [UInt64: Int] = [:]

    /// What is held: gathered and unconfirmed.
    private(set) var waitingCommands = 0
    private(set) var waitingBytes = 0

    package init(origin: Origin, partitions: Int, limits: PublisherLimits, now: Instant) {
        self.origin = origin
        self.limits = limits
        flows = Array(repeating: Flow(), count: partitions)
        outageBegan = now
    }

    package var isEmpty: Bool { waitingCommands == 0 }

    /// Whether a command submitted now would be kept.
    package func accepts(at now: Instant) -> Bool { refusal(ofBytes: 0, at: now) == nil }

    /// What is to be done since the last call.
    package mutating func takeActions(at now: Instant) -> [Action] {
        for index in ready {
            flows[index].isReady = false
            send(index, now)
        }
        ready.removeAll(keepingCapacity: true)
        defer { actions = [] }
        return actions
    }

    // MARK: - Callers

    package mutating func submit(_ command: EncodedCommand, to partition: Partition, waiter: Waiter, at now: Instant) {
        if let refusal = refusal(ofBytes: command.bytes.count, at: now) {
            actions.append(.answer(waiter, .failure(refusal)))
            return
        }
        waitingCommands += 1
        waitingBytes += command.bytes.count
        flows[partition.number].gathered.append(
            Gathered(command: command, caller: Caller(waiter: waiter, deadline: now + limits.publishTimeout)))
        markReady(partition.number)
    }

    private func refusal(ofBytes bytes: Int, at now: Instant) -> BusError? {
        if closed { return .closing }
        if !connected && now - outageBegan > limits.outageGrace { return .disconnected }
        if blocked { return .brokerShort }
        let fits = waitingCommands < limits.waitingCommands && waitingBytes + bytes <= limits.waitingBytes
        return fits ? nil : .publisherFull
    }

    /// Answers those who have waited long enough. Accurate to how often it is called.
    package mutating func tick(at now: Instant) {
        let outage = !connected && now - outageBegan > limits.outageGrace
        for index in flows.indices where !flows[index].isIdle {
            withdraw(index, .init(.unavailable, outage ? BusError.disconnected.message : BusError.late.message)) {
                outage || $0.caller.deadline <= now
            }
            for batch in flows[index].inFlight.indices {
                while let caller = flows[index].inFlight[batch].firstUnanswered, caller.deadline <= now {
                    flows[index].inFlight[batch].answered += 1
                    actions.append(.answer(caller.waiter, .failure(.unconfirmed)))
                }
            }
        }
    }

    /// Answers everyone and accepts nothing more. What was sent and not confirmed may have been taken.
    package mutating func close() {
        closed = true
        for index in flows.indices {
            withdraw(index, .closing) { _ in true }
            for batch in flows[index].inFlight {
                for caller in batch.unanswered { actions.append(.answer(caller.waiter, .failure(.unconfirmed))) }
                forget(batch)
            }
            flows[index].inFlight = []
        }
    }

    /// Takes commands that were never sent off the front of the queue, while `condition` holds.
    private mutating func withdraw(_ index: Int, _ error: BusError, while condition: (Gathered<Waiter>) -> Bool) {
        let count = flows[index].gathered.prefix(while: condition).count
        for gathered in flows[index].gathered.prefix(count) {
            actions.append(.answer(gathered.caller.waiter, .failure(error)))
            waitingCommands -= 1
            waitingBytes -= gathered.command.bytes.count
        }
        flows[index].gathered.removeFirst(count)
    }

    // MARK: - The connection

    /// A new channel is ready. What was on its way on the last one goes first, in order and byte for byte.
    package mutating func connect(at now: Instant) {
        connected = true
        blocked = false
        (lastTag, lowestTag, partitionOfTag) = (0, 1, [:])
        for index in flows.indices {
            for batch in flows[index].inFlight.indices { transmit(batch, of: index, now) }
            markReady(index)
        }
    }

    package mutating func disconnect(at now: Instant) {
        if connected { outageBegan = now }
        connected = false
        blocked = false
        partitionOfTag = [:]
        actions.removeAll { if case .publish = $0 { true } else { false } }
    }

    /// The broker is short of memory or disk: it reads no more until it says so.
    package mutating func block() { blocked = true }

    package mutating func unblock() {
        blocked = false
        for index in flows.indices { markReady(index) }
    }

    // MARK: - Confirms

    /// - Parameters:
    ///   - tag: the message's, or with `multiple` the highest of several.
    ///   - accepted: `basic.ack` rather than `basic.nack`.
    package mutating func settle(tag: UInt64, multiple: Bool, accepted: Bool, at now: Instant) {
        guard connected, tag <= lastTag else { return }
        if multiple {
            while lowestTag <= tag {
                settle(lowestTag, accepted, now)
                lowestTag += 1
            }
        } else {
            settle(tag, accepted, now)
        }
    }

    /// A message that no queue took. Its confirm follows.
    package mutating func returned(from partition: Partition, id: MessageID) {
        guard flows.indices.contains(partition.number),
            let batch = flows[partition.number].inFlight.firstIndex(where: { $0.message.id == id })
        else { return }
        flows[partition.number].inFlight[batch].returned = true
    }

    private mutating func settle(_ tag: UInt64, _ accepted: Bool, _ now: Instant) {
        guard let index = partitionOfTag.removeValue(forKey: tag),
            let position = flows[index].inFlight.firstIndex(where: { $0.tag == tag })
        else { return }
        let batch = flows[index].inFlight.remove(at: position)
        forget(batch)
        markReady(index)
        let taken = accepted && !batch.returned
        if taken {
            actions.append(.confirmed(batch.message.id, batch.message.partition, after: now - batch.sentAt))
        } else if batch.returned {
            actions.append(.reconnect)
        }
        // Of a message that was sent before, on a channel that was lost, the first copy may lie in the queue. Then
        // the refusal of the second says nothing about it.
        let refusal: BusError = batch.transmissions > 1 ? .unconfirmed : batch.returned ? .noQueue : .queueFull
        for (offset, caller) in batch.callers.enumerated().dropFirst(batch.answered) {
            let dot = Dot(origin: origin, n: batch.message.id.firstN + UInt64(offset))
            actions.append(.answer(caller.waiter, taken ? .success(dot) : .failure(refusal)))
        }
    }

    private mutating func forget(_ batch: Batch<Waiter>) {
        waitingCommands -= batch.callers.count
        waitingBytes -= batch.commandBytes
    }

    // MARK: - Sending

    private mutating func markReady(_ index: Int) {
        if flows[index].gathered.isEmpty || flows[index].isReady { return }
        flows[index].isReady = true
        ready.append(index)
    }

    private mutating func send(_ index: Int, _ now: Instant) {
        guard connected, !blocked else { return }
        while !flows[index].gathered.isEmpty, flows[index].inFlight.count < limits.messagesInFlight {
            var count = 0
            var bytes = 0
            for gathered in flows[index].gathered.prefix(limits.batchCommands) {
                if count > 0 && bytes + gathered.command.bytes.count > limits.batchBytes { break }
                bytes += gathered.command.bytes.count
                count += 1
            }
            let chosen = flows[index].gathered.prefix(count)
            let partition = Partition(index)
            let firstN = flows[index].nextN
            let body = CommandBatch.encode(
                partition: partition, origin: origin, firstN: firstN, commands: chosen.map(\.command))
            let message = Message(partition: partition, id: MessageID(firstN: firstN, count: count), body: body)
            flows[index].inFlight.append(
                Batch(message: message, callers: chosen.map(\.caller), commandBytes: bytes, sentAt: now))
            flows[index].gathered.removeFirst(count)
            flows[index].nextN += UInt64(count)
            transmit(flows[index].inFlight.count - 1, of: index, now)
        }
    }

    private mutating func transmit(_ batch: Int, of index: Int, _ now: Instant) {
        lastTag += 1
        partitionOfTag[lastTag] = index
        flows[index].inFlight[batch].tag = lastTag
        flows[index].inFlight[batch].returned = false
        flows[index].inFlight[batch].transmissions += 1
        flows[index].inFlight[batch].sentAt = now
        actions.append(.publish(flows[index].inFlight[batch].message))
    }
}

/// One partition's commands on their way.
private struct Flow<Waiter: Sendable>: Sendable {
    var nextN: UInt64 = 1
    var inFlight: [Batch<Waiter>] = []
    var gathered: [Gathered<Waiter>] = []
    /// Whether it is among the machine's `ready`.
    var isReady = false

    var isIdle: Bool { inFlight.isEmpty && gathered.isEmpty }
}

private struct Gathered<Waiter: Sendable>: Sendable {
    var command: EncodedCommand
    var caller: Caller<Waiter>
}

private struct Caller<Waiter: Sendable>: Sendable {
    var waiter: Waiter
    var deadline: ContinuousClock.Instant
}

/// A message that was sent and is kept until it is confirmed or refused.
private struct Batch<Waiter: Sendable>: Sendable {
    var message: PublisherMachine<Waiter>.Message
    var callers: [Caller<Waiter>]
    var commandBytes: Int
    var sentAt: ContinuousClock.Instant
    var tag: UInt64 = 0
    var transmissions = 0
    var returned = false
    /// So many callers, from the first, gave up waiting. Deadlines are in order, so they are a prefix.
    var answered = 0

    var unanswered: ArraySlice<Caller<Waiter>> { callers.dropFirst(answered) }
    var firstUnanswered: Caller<Waiter>? { unanswered.first }
}
