import Foundation
import LocalStack
import Logging
import Synchronization
import Testing

@testable import Commands

/// The broker that bus tests share, each under its own namespace, or one of a test's own.
enum BusTestBroker {
    static func sharedURL() async throws -> String { try await TestServers.rabbitMQ.value.url }

    /// Lends a broker that the test may stop and upset.
    static func withOwnServer(_ body: (RabbitMQServer) async throws -> Void) async throws {
        let directory = directory()
        let server = try await RabbitMQServer.start(directory: directory)
        do {
            try await body(server)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
        try? FileManager.default.removeItem(at: directory)
    }

    private static func directory() -> URL {
        TestServers.directory.appendingPathComponent("rabbitmq-\(UUID().uuidString)")
    }
}

/// One namespace with a publisher; sources are opened as needed. All of it is closed by `run`.
struct BusBench {
    let configuration: RabbitMQConfiguration
    let partitions = Partitioner(count: 4)
    let publisher: RabbitMQPublisher
    let outcomes = BusTestRecord<Outcome>()
    let interruptions = BusTestRecord<Void>()

    private init(_ configuration: RabbitMQConfiguration) {
        self.configuration = configuration
        publisher = RabbitMQPublisher(
            configuration: configuration, partitions: partitions, logger: Logger(label: "bus-tests"),
            onOutcomes: { [outcomes] in outcomes.append($0) },
            onOutcomesInterrupted: { [interruptions] in interruptions.append([()]) })
    }

    static func run(
        at url: String? = nil, _ change: (inout RabbitMQConfiguration) -> Void = { _ in },
        _ body: (BusBench) async throws -> Void
    ) async throws {
        let urls = if let url { url } else { try await BusTestBroker.sharedURL() }
        var configuration = try RabbitMQConfiguration(urls: urls)
        configuration.namespace = "test-\(UUID().uuidString.lowercased())"
        change(&configuration)
        let bench = BusBench(configuration)
        do {
            try await eventually("the publisher is ready") { bench.publisher.isReady }
            try await body(bench)
        } catch {
            await bench.publisher.close()
            throw error
        }
        await bench.publisher.close()
    }

    func withSource(_ body: (RabbitMQSource) async throws -> Void) async throws {
        let source = RabbitMQSource(
            configuration: configuration, partitions: partitions, logger: Logger(label: "bus-tests"))
        do {
            try await body(source)
        } catch {
            await source.close()
            throw error
        }
        await source.close()
    }

    /// A put whose number can be read back from its id.
    static func command(_ number: Int, value: Data = Data("value".utf8)) -> Command {
        Command(
            id: CommandID(high: 0, low: UInt64(number)), operation: .put(Content(value: value)),
            key: Key(trusted: "key-\(number)"), principal: "tests", issuedAt: SystemWallClock().now())
    }

    func publish(_ number: Int, to partition: Int = 0) async throws -> Dot {
        try await publisher.publish(Self.command(number), to: Partition(partition))
    }

    /// A connection beside the bus, to see and do what it would not.
    func withConnection<R>(_ body: (AMQPConnection, RabbitMQTopology) throws -> R) throws -> R {
        let connection = try AMQPConnection(to: configuration.endpoints[0], name: "tests", configuration: configuration)
        defer { connection.close() }
        try connection.openChannel(1)
        return try body(connection, RabbitMQTopology(configuration, partitions: partitions))
    }

    func deadMessages() throws -> Int { try withConnection { try $0.readyMessages(in: $1.deadQueue, on: 1) } }
}

extension CommandSubscription {
    /// Takes deliveries until `count` commands have come, acknowledging each batch; commands by dot, in order.
    func take(_ count: Int, acknowledging: Bool = true) async throws -> [(n: UInt64, number: Int, tag: Delivery.Tag)] {
        var taken: [(n: UInt64, number: Int, tag: Delivery.Tag)] = []
        while taken.count < count {
            let deliveries = try #require(await next(limit: 100), "the subscription ended after \(taken.count)")
            for delivery in deliveries {
                let batch = try delivery.content.get()
                for (offset, command) in batch.commands.enumerated() {
                    taken.append((batch.firstN + UInt64(offset), Int(command.id.low), delivery.tag))
                }
            }
            if acknowledging { acknowledge(through: deliveries.last!.tag) }
        }
        return taken
    }
}

/// What callbacks on other threads brought.
final class BusTestRecord<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    func append(_ new: [Element]) { elements.withLock { $0 += new } }
    var all: [Element] { elements.withLock { $0 } }
}

/// Asks until it is so; after the deadline the test fails and says what it waited for.
private func eventually(
    _ what: String, within limit: Duration = .seconds(20), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        try #require(ContinuousClock.now < deadline, "not within \(limit): \(what)")
        try await Task.sleep(for: .milliseconds(10))
    }
}

@Suite("Command bus over RabbitMQ")
struct BusTests {
    @Test("What is confirmed is delivered once, in the order of submission, with consecutive numbers")
    func order() async throws {
        try await BusBench.run { bench in
            let answers = BusTestRecord<Dot>()
            for number in 0..<2_000 {
                bench.publisher.submit(BusBench.command(number), to: Partition(1)) { answer in
                    answers.append([try! answer.get()])
                }
            }
            try await bench.withSource { source in
                let taken = try await source.subscribe(to: Partition(1)).take(2_000)
                #expect(taken.map(\.number) == Array(0..<2_000))
                #expect(taken.map(\.n) == Array(1...2_000))
                try await eventually("all are confirmed") { answers.all.count == 2_000 }
                #expect(answers.all.map(\.n) == Array(1...2_000))
                #expect(Set(taken.map(\.tag)).count < 1_000, "commands that wait share a message")
            }
        }
    }

    @Test("A value of a mebibyte travels whole")
    func largeValue() async throws {
        try await BusBench.run { bench in
            let value = Data((0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31) })
            let command = BusBench.command(1, value: value)
            _ = try await bench.publisher.publish(command, to: Partition(0))
            try await bench.withSource { source in
                let delivery = try await #require(source.subscribe(to: Partition(0)).next(limit: 1)?.first)
                #expect(try delivery.content.get().commands == [command])
            }
        }
    }

    @Test("A full queue refuses, and what it refused never comes")
    func full() async throws {
        try await BusBench.run {
            $0.queueMessages = 5
        } _: { bench in
            var accepted: [Int] = []
            var refused = 0
            for number in 0..<50 {
                do throws(BusError) {
                    _ = try await bench.publisher.publish(BusBench.command(number), to: Partition(0))
                    accepted.append(number)
                } catch {
                    #expect(error.code == .full)
                    refused += 1
                }
            }
            #expect(accepted.count >= 5 && refused > 20)
            try await bench.withSource { source in
                let subscription = try await source.subscribe(to: Partition(0))
                #expect(try await subscription.take(accepted.count).map(\.number) == accepted)
                try await eventually("the queue takes commands again") {
                    (try? await bench.publish(1_000)) != nil
                }
                #expect(try await subscription.take(1).map(\.number) == [1_000])
            }
        }
    }

    @Test("A message that can't be decoded goes to the dead queue, and the next one comes")
    func undecodable() async throws {
        try await BusBench.run { bench in
            try bench.withConnection { connection, topology in
                try connection.publish(
                    Data("garbage".utf8), exchange: topology.commandsExchange, routingKey: "0", persistent: true,
                    mandatory: true, on: 1)
            }
            try await bench.withSource { source in
                try await eventually("it is in the queue") { try await source.depth(of: Partition(0)) == 1 }
                _ = try await bench.publish(1)
                let subscription = try await source.subscribe(to: Partition(0))
                let first = try await #require(subscription.next(limit: 1)?.first)
                #expect(throws: WireError.self) { try first.content.get() }
                subscription.deadLetter(first.tag)
                #expect(try await subscription.take(1).map(\.number) == [1])
                try await eventually("it is in the dead queue") { try bench.deadMessages() == 1 }
            }
        }
    }

    @Test("After a close another source goes on with the first message that was not acknowledged, in order")
    func handOver() async throws {
        try await BusBench.run { bench in
            for number in 0..<100 { _ = try await bench.publish(number) }
            try await bench.withSource { first in
                try await bench.withSource { second in
                    let old = try await first.subscribe(to: Partition(0))
                    let new = try await second.subscribe(to: Partition(0))
                    let taken = try await old.take(40, acknowledging: false)
                    old.acknowledge(through: taken[29].tag)
                    await old.close()
                    #expect(await old.next(limit: 1) == nil)
                    #expect(try await new.take(70).map(\.number) == Array(30..<100))
                }
            }
        }
    }

    @Test("After a cancel nothing more is taken, and nobody gets ahead of what is still held")
    func cancel() async throws {
        try await BusBench.run {
            $0.prefetchMessages = 10
        } _: { bench in
            for number in 0..<100 { _ = try await bench.publish(number) }
            try await bench.withSource { first in
                try await bench.withSource { second in
                    let old = try await first.subscribe(to: Partition(0))
                    let new = try await second.subscribe(to: Partition(0))
                    let taken = try await old.take(8, acknowledging: false)
                    old.cancel()
                    #expect(await old.next(limit: 1) == nil)
                    old.acknowledge(through: taken[4].tag)
                    await old.close()
                    #expect(try await new.take(95).map(\.number) == Array(5..<100))
                }
            }
        }
    }

    @Test("Outcomes reach the origin that waits for them, in order, and an unknown origin does no harm")
    func outcomes() async throws {
        try await BusBench.run { bench in
            try await eventually("the reply queue is there") { !bench.interruptions.all.isEmpty }
            try await bench.withSource { source in
                let outcomes = (1...100).map {
                    Outcome(
                        command: CommandID(high: 0, low: $0), partition: Partition(2), sequence: $0,
                        result: .put(created: true))
                }
                try await eventually("an outcome arrives") {
                    source.send([outcomes[0]], to: bench.publisher.origin)
                    return !bench.outcomes.all.isEmpty
                }
                source.send(outcomes, to: .random())
                for outcome in outcomes[1...] { source.send([outcome], to: bench.publisher.origin) }
                try await eventually("the last outcome arrives") { bench.outcomes.all.last == outcomes.last }
                #expect(Array(bench.outcomes.all.suffix(100)) == outcomes)
            }
        }
    }

    @Test("A queue that was declared with other limits is an error that says what to do")
    func conflict() async throws {
        try await BusBench.run { bench in
            var other = bench.configuration
            other.queueMessages += 1
            let source = RabbitMQSource(
                configuration: other, partitions: bench.partitions, logger: Logger(label: "bus-tests"))
            let error = await #expect(throws: RabbitMQError.self) { try await source.subscribe(to: Partition(0)) }
            #expect(error?.code == .conflictingDeclaration && error?.mayRetry == false)
            await source.close()
        }
    }

    @Test("A wrong password is an error of its own")
    func accessRefused() async throws {
        var configuration = try RabbitMQConfiguration(urls: try await BusTestBroker.sharedURL())
        configuration.endpoints[0].password += "x"
        let source = RabbitMQSource(
            configuration: configuration, partitions: Partitioner(count: 1), logger: Logger(label: "bus-tests"))
        let error = await #expect(throws: RabbitMQError.self) { try await source.subscribe(to: Partition(0)) }
        #expect(error?.code == .accessRefused)
        await source.close()
    }

    @Test("Where nobody listens, commands are refused at once after a moment, and subscribing fails")
    func nobodyThere() async throws {
        var configuration = try RabbitMQConfiguration(urls: "amqp://127.0.0.1:1/")
        configuration.publisher.publishTimeout = .seconds(300)
        let publisher = RabbitMQPublisher(
            configuration: configuration, partitions: Partitioner(count: 1), logger: Logger(label: "bus-tests"))
        let begin = ContinuousClock.now
        let error = await #expect(throws: BusError.self) {
            try await publisher.publish(BusBench.command(1), to: Partition(0))
        }
        #expect(error?.code == .unavailable && !publisher.isReady)
        #expect(ContinuousClock.now - begin < .seconds(30))
        await publisher.close()
        let source = RabbitMQSource(
            configuration: configuration, partitions: Partitioner(count: 1), logger: Logger(label: "bus-tests"))
        let failure = await #expect(throws: RabbitMQError.self) { try await source.subscribe(to: Partition(0)) }
        #expect(failure?.code == .unreachable && failure?.mayRetry == true)
        await source.close()
    }

    @Test("A batch whose confirm was lost with the connection is sent again with the same dots, and nothing else is")
    func lostConfirm() async throws {
        let url = try await BusTestBroker.sharedURL()
        let proxy = try FaultyProxy(to: RabbitMQEndpoint(url: url).port)
        defer { proxy.close() }
        try await BusBench.run {
            $0.endpoints[0].port = proxy.port
        } _: { bench in
            #expect(try await bench.publish(0).n == 1)
            proxy.set(.dropAfterForwarding("the fatal value"))
            let fatal = BusBench.command(1, value: Data("the fatal value".utf8))
            async let dot = bench.publisher.publish(fatal, to: Partition(0))
            #expect(try await dot.n == 2)
            #expect(proxy.firedOrNone)
            #expect(try await bench.publish(2).n == 3)
            try await bench.withSource { source in
                let taken = try await source.subscribe(to: Partition(0)).take(4)
                #expect(taken.map(\.n) == [1, 2, 2, 3] && taken.map(\.number) == [0, 1, 1, 2])
            }
        }
    }
}

@Suite("Command bus when its broker has trouble", .serialized)
struct BusTroubleTests {
    @Test("Connections that are killed under load lose nothing, and every dot is one command")
    func killedConnections() async throws {
        try await BusTestBroker.withOwnServer { server in
            try await BusBench.run(at: server.url) { bench in
                let seen = BusTestRecord<(partition: Int, n: UInt64, number: Int)>()
                try await bench.withSource { source in
                    let consumers = bench.partitions.partitions.map { partition in
                        Task {
                            while !Task.isCancelled {
                                guard let subscription = try? await source.subscribe(to: partition) else { continue }
                                while let deliveries = await subscription.next(limit: 100) {
                                    for delivery in deliveries {
                                        let batch = try delivery.content.get()
                                        seen.append(
                                            batch.commands.enumerated().map {
                                                (partition.number, batch.firstN + UInt64($0), Int($1.id.low))
                                            })
                                    }
                                    subscription.acknowledge(through: deliveries.last!.tag)
                                }
                                await subscription.close()
                            }
                        }
                    }
                    let running = BusTestRecord<Void>()
                    let answered = BusTestRecord<(number: Int, partition: Int, dot: Dot)>()
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for caller in 0..<16 {
                            group.addTask {
                                for step in 0..<100_000 where running.all.isEmpty {
                                    let number = caller * 100_000 + step
                                    let partition = number % 4
                                    let dot = try await bench.publish(number, to: partition)
                                    answered.append([(number, partition, dot)])
                                }
                            }
                        }
                        for round in 1...3 {
                            try await eventually("commands are answered, round \(round)") {
                                let before = answered.all.count
                                try await Task.sleep(for: .milliseconds(50))
                                return answered.all.count > before + 20
                            }
                            _ = try await server.control(["close_all_connections", "test"])
                        }
                        running.append([()])
                        try await group.waitForAll()
                    }
                    let expected = answered.all
                    try await eventually("all confirmed commands are delivered", within: .seconds(30)) {
                        Set(expected.map(\.number)).isSubset(of: seen.all.map(\.number))
                    }
                    for consumer in consumers { consumer.cancel() }
                    var numberOfDot: [[UInt64]: Int] = [:]
                    var highest: [Int: UInt64] = [:]
                    for (partition, n, number) in seen.all {
                        let dot = [UInt64(partition), n]
                        #expect(numberOfDot[dot, default: number] == number, "a dot is two commands")
                        if numberOfDot.updateValue(number, forKey: dot) == nil {
                            #expect(n == highest[partition, default: 0] + 1, "a gap or out of order")
                            highest[partition] = n
                        }
                    }
                    for (number, partition, dot) in expected {
                        #expect(numberOfDot[[UInt64(partition), dot.n]] == number)
                    }
                }
            }
        }
    }

    @Test("A queue that is deleted makes commands unroutable, and comes back")
    func deletedQueue() async throws {
        try await BusTestBroker.withOwnServer { server in
            try await BusBench.run(at: server.url) { bench in
                _ = try await bench.publish(1)
                let queue = "\(bench.configuration.namespace).commands.0"
                _ = try await server.control(["delete_queue", queue])
                let error = await #expect(throws: BusError.self) { try await bench.publish(2) }
                #expect(error?.code == .unroutable)
                try await eventually("the queue is back") { (try? await bench.publish(3)) != nil }
            }
        }
    }

    @Test("A broker that is short of memory refuses new commands, and confirms the old ones when it recovers")
    func memoryAlarm() async throws {
        try await BusTestBroker.withOwnServer { server in
            try await BusBench.run(at: server.url) {
                $0.publisher.publishTimeout = .seconds(60)
            } _: { bench in
                _ = try await bench.publish(1)
                _ = try await server.control(["set_vm_memory_high_watermark", "0.000001"])
                // The broker says that it is blocked when it likes, so these wait or are refused.
                let answers = BusTestRecord<Result<Dot, BusError>>()
                for number in 2..<10 {
                    bench.publisher.submit(BusBench.command(number), to: Partition(0)) { answers.append([$0]) }
                }
                try await eventually("commands are refused") {
                    let refusals = BusTestRecord<BusError.Code>()
                    bench.publisher.submit(BusBench.command(100), to: Partition(1)) { answer in
                        if case .failure(let error) = answer { refusals.append([error.code]) }
                    }
                    try await Task.sleep(for: .milliseconds(100))
                    return refusals.all == [.full]
                }
                try await eventually("the gateway is not ready") { !bench.publisher.isReady }
                _ = try await server.control(["set_vm_memory_high_watermark", "0.4"])
                try await eventually("the waiting commands are confirmed") { answers.all.count == 8 }
                var confirmed: [UInt64] = []
                for answer in answers.all {
                    switch answer {
                    case .success(let dot): confirmed.append(dot.n)
                    case .failure(let error): #expect(error.code == .full)
                    }
                }
                #expect(confirmed == (0..<confirmed.count).map { UInt64($0) + 2 })
                try await eventually("the gateway is ready") { bench.publisher.isReady }
            }
        }
    }

    @Test("A broker that falls silent is given up after two heartbeats, and what it has not confirmed is sent again")
    func silence() async throws {
        try await BusTestBroker.withOwnServer { server in
            try await BusBench.run(at: server.url) {
                $0.heartbeat = .seconds(1)
                $0.publisher.publishTimeout = .seconds(1)
            } _: { bench in
                #expect(try await bench.publish(1).n == 1)
                server.pause()
                let error = await #expect(throws: BusError.self) { try await bench.publish(2) }
                #expect(error?.code == .outcomeUnknown)
                try await eventually("the gateway is not ready") { !bench.publisher.isReady }
                server.resume()
                try await eventually("the gateway is ready") { bench.publisher.isReady }
                #expect(try await bench.publish(3).n == 3)
                try await bench.withSource { source in
                    let subscription = try await source.subscribe(to: Partition(0))
                    var numbers: [Int] = []
                    while numbers.last != 3 { numbers += try await subscription.take(1).map(\.number) }
                    #expect(numbers == [1, 2, 3] || numbers == [1, 2, 2, 3])
                }
            }
        }
    }

    @Test("A broker that is stopped makes commands unavailable at once; started again, all works")
    func restart() async throws {
        try await BusTestBroker.withOwnServer { server in
            try await BusBench.run(at: server.url) {
                $0.publisher.publishTimeout = .seconds(60)
            } _: { bench in
                try await bench.withSource { source in
                    let subscription = try await source.subscribe(to: Partition(0))
                    _ = try await bench.publish(1)
                    #expect(try await subscription.take(1).map(\.number) == [1])
                    _ = try await bench.publish(2)
                    await server.stop()
                    try await eventually("the subscription ends") { await subscription.next(limit: 1) == nil }
                    try await eventually("commands are refused as unavailable") {
                        do throws(BusError) {
                            _ = try await bench.publisher.publish(BusBench.command(3), to: Partition(1))
                        } catch {
                            return error.code == .unavailable
                        }
                        return false
                    }
                    let begin = ContinuousClock.now
                    await #expect(throws: BusError.self) { try await bench.publish(4, to: 1) }
                    #expect(ContinuousClock.now - begin < .seconds(5))
                    #expect(!bench.publisher.isReady)
                    try await server.start()
                    try await eventually("the gateway is ready") { bench.publisher.isReady }
                    _ = try await bench.publish(5)
                    try await eventually("subscribing works") { (try? await source.depth(of: Partition(0))) != nil }
                    let taken = try await source.subscribe(to: Partition(0)).take(2)
                    #expect(taken.map(\.number).suffix(2) == [2, 5])
                    try await eventually("the reply queue is back") { bench.interruptions.all.count >= 2 }
                }
            }
        }
    }
}
