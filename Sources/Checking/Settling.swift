import Foundation
import History
import TidemarkClient

/// After the load: waits until everything acknowledged is applied and every gateway says so, or the time is over, and
/// records what the cluster says then.
struct Settling {
    let plan: CheckPlan
    let gateways: [TidemarkClient]
    let deadline: ContinuousClock.Instant
    /// Told after each command and each key.
    let onStep: @Sendable () -> Void

    private static let atOnce = 16

    /// What became of the commands that the calls name.
    func statuses(of calls: [Call]) async -> [Record.Status] {
        await inParallel(calls.filter(\.needsStatus)) { call in
            guard let command = call.command else { return nil }
            return await status(of: command, isAcknowledged: !call.isOpen, first: call.gateway)
        }.compactMap { $0 }
    }

    /// - Returns: `nil` when nobody could be asked.
    private func status(of command: String, isAcknowledged: Bool, first: Int) async -> Record.Status? {
        var last: Record.Status?
        var turn = first
        repeat {
            if let answer = try? await gateways[turn % gateways.count].status(of: command) {
                last = Record.Status(command: command, state: .init(answer.status), version: answer.version)
                if answer.status != .pending || !isAcknowledged { return last }
            } else if await isNeverIssued(command, gateways[turn % gateways.count]) {
                return Record.Status(command: command, state: .neverIssued)
            }
            turn += 1
        } while await pause()
        return last
    }

    private func isNeverIssued(_ command: String, _ gateway: TidemarkClient) async -> Bool {
        do {
            return try await gateway.status(of: command) == nil
        } catch {
            return false
        }
    }

    /// The log and the last reads of each key.
    func keys(_ keys: [String]) async -> [Record] {
        await inParallel(keys) { await settle($0) }.flatMap { $0 }
    }

    private func settle(_ key: String) async -> [Record] {
        while true {
            let events = try? await log(of: key)
            let reads = await finalReads(of: key)
            let last = events?.last { $0.kind != .rejected }
            let value = last?.kind == .put ? last : nil
            let agree = reads.allSatisfy { read in
                read.problem == nil && read.value == value?.value && read.version == value?.version
            }
            if events != nil && agree { return records(key, events, reads) }
            guard await pause() else { return records(key, events, reads) }
        }
    }

    private func records(_ key: String, _ events: [Record.LoggedEvent]?, _ reads: [Record.FinalRead]) -> [Record] {
        var records: [Record] = (events ?? []).map(Record.event)
        if let events { records.append(.log(.init(key: key, events: events.count))) }
        return records + reads.map(Record.final)
    }

    private func log(of key: String) async throws -> [Record.LoggedEvent] {
        var events: [Record.LoggedEvent] = []
        var next: UInt64?
        repeat {
            let page = try await anyGateway { try await $0.history(of: key, after: next, limit: 500, values: true) }
            for event in page.events {
                guard let kind = Record.LoggedEvent.Kind(rawValue: event.kind) else { continue }
                events.append(
                    .init(
                        key: key, version: event.version, kind: kind, command: event.command,
                        value: kind == .put ? event.value.map(RecordedProcess.text) : nil))
            }
            next = page.next
        } while next != nil
        return events
    }

    /// Each gateway at each consistency; the session is one that has seen everything.
    private func finalReads(of key: String) async -> [Record.FinalRead] {
        var reads: [Record.FinalRead] = []
        let session = Session()
        for level in [ReadLevel.linearizable, .session, .applied, .eventual] {
            for (number, gateway) in gateways.enumerated() {
                var read = Record.FinalRead(key: key, gateway: number, level: level)
                do {
                    let isBound = level == .session || level == .linearizable
                    let value = try await gateway.get(
                        key, consistency: Consistency(level), wait: isBound ? .seconds(5) : nil,
                        in: isBound ? session : nil)
                    read.value = value.map { RecordedProcess.text($0.bytes) }
                    read.version = value?.version
                } catch {
                    read.problem = RecordedProcess.problem(error)
                }
                reads.append(read)
            }
        }
        return reads
    }

    private func anyGateway<R>(_ body: (TidemarkClient) async throws -> R) async throws -> R {
        var last: (any Error)?
        for gateway in gateways {
            do { return try await body(gateway) } catch { last = error }
        }
        throw last ?? CancellationError()
    }

    /// - Returns: whether there is time left.
    private func pause() async -> Bool {
        guard ContinuousClock.now < deadline, !Task.isCancelled else { return false }
        try? await Task.sleep(for: .milliseconds(50))
        return true
    }

    /// A few at once; results come in any order.
    private func inParallel<Item: Sendable, R: Sendable>(
        _ items: [Item], _ body: @escaping @Sendable (Item) async -> R
    ) async -> [R] {
        await withTaskGroup(of: R.self) { group in
            var results: [R] = []
            for (index, item) in items.enumerated() {
                if index >= Self.atOnce, let result = await group.next() { results.append(result) }
                group.addTask {
                    let result = await body(item)
                    onStep()
                    return result
                }
            }
            for await result in group { results.append(result) }
            return results
        }
    }
}

extension Call {
    /// Whether its answer leaves open what became of its command.
    var needsStatus: Bool {
        switch answer {
        case .accepted(let command?), .unknown(_, let command?): !command.isEmpty
        default: false
        }
    }
}

extension Record.Status.State {
    fileprivate init(_ state: CommandStatus.State) {
        self =
            switch state {
            case .pending: .pending
            case .applied: .applied
            case .rejected: .rejected
            case .dead: .dead
            }
    }
}
