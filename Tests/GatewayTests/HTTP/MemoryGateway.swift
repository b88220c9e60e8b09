import Cache
import Commands
import EventLog
import Foundation
import NIOCore
import Synchronization

@testable import Gateway

/// The use cases over a dictionary: enough to see what HTTP makes of them. Writes that wait are applied at once; the
/// others are accepted and never applied.
final class MemoryGateway: GatewayUseCases {
    struct State {
        var events: [Event] = []
        var pending: [CommandID] = []
        var failure: GatewayError?
        /// Why feeds don't begin, and what was asked of them.
        var refusal = ChangeRefusal.tooMany(0)
        var feeds: [ChangeRequest] = []
        /// What the next write that waits ends as.
        var outcome: Outcome.Result?
        /// Whether waiting ends before the command is applied.
        var timesOut = false
        var reads: [ReadRequest] = []
        var writes: [WriteRequest] = []
        var reached: [SessionToken] = []
        var source = ReadSource.cache
        var vector: VersionVector?
        var checks: [HealthReport.Check] = []
        /// Whether writes wait until they may go on, or are cancelled; and how many do.
        var isStalled = false
        var stalled = 0
        /// The run that accepts the next write.
        var origin = MemoryGateway.origin
        var now = Timestamp(microseconds: 1_795_519_016_000_042)
    }

    static let origin = Origin(7)

    let state = Mutex(State())
    let sessions = SessionTokenCodec(clusterTag: 42, partitions: 16)
    let positions = FeedPositionCodec(clusterTag: 42, partitions: 16)
    private let partitioner = Partitioner(count: 16)

    func partition(of key: Key) -> Partition { partitioner.partition(of: key) }

    func write(_ request: WriteRequest) async throws(GatewayError) -> WriteResult {
        state.withLock { $0.stalled += 1 }
        while state.withLock({ $0.isStalled }), !Task.isCancelled { try? await Task.sleep(for: .milliseconds(1)) }
        return try state.withLock { state throws(GatewayError) in
            state.stalled -= 1
            return try write(request, &state)
        }
    }

    func write(_ requests: [WriteRequest]) async -> [Result<WriteResult, GatewayError>] {
        state.withLock { state in
            requests.map { request in Result { () throws(GatewayError) in try write(request, &state) } }
        }
    }

    private func write(_ request: WriteRequest, _ state: inout State) throws(GatewayError) -> WriteResult {
        if let failure = state.failure { throw failure }
        state.writes.append(request)
        let id = CommandID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0000 | UInt64(state.writes.count))
        let partition = partition(of: request.key)
        guard request.wait != nil, !state.timesOut else {
            state.pending.append(id)
            return .accepted(id, partition, Dot(origin: state.origin, n: UInt64(state.writes.count)))
        }
        let sequence = UInt64(state.events.count + 1)
        if let outcome = state.outcome {
            return .ended(Outcome(command: id, partition: partition, sequence: sequence, result: outcome))
        }
        let current = state.events.last { $0.key == request.key && $0.kind != .rejected }
        let version = current.flatMap { $0.kind == .put ? $0.sequence : nil }
        var event = Event(
            partition: partition, sequence: sequence, kind: .rejected, key: request.key, previousVersion: version,
            principal: request.principal, commandID: id, issuedAt: state.now, appliedAt: state.now)
        if request.precondition.holds(version: version) {
            event.kind = .deleted
            if case .put(let content) = request.operation {
                event.kind = .put
                event.content = content
                event.size = content.value.count
                event.contentType = content.type
                event.expiresAt = request.timeToLive.map { state.now + $0 }
            }
        } else {
            event.reason = Event.Reason.preconditionFailed
        }
        state.events.append(event)
        return .ended(event.outcome)
    }

    func read(_ request: ReadRequest) async throws(GatewayError) -> ReadResult {
        try state.withLock { state throws(GatewayError) in
            if let failure = state.failure { throw failure }
            state.reads.append(request)
            let last = state.events.last { $0.key == request.key && $0.kind != .rejected }
            let isLive = last?.kind == .put
            return ReadResult(
                entry: CacheEntry(
                    state: KeyState(
                        version: last?.sequence ?? 0, createdVersion: last?.sequence ?? 0, deleted: !isLive,
                        expiresAt: nil),
                    modifiedAt: last?.appliedAt ?? Timestamp(microseconds: 0),
                    contentType: last?.contentType ?? Content.defaultType,
                    value: ByteBuffer(bytes: last?.content?.value ?? Data())),
                partition: partition(of: request.key), source: state.source, vector: state.vector)
        }
    }

    func reach(_ token: SessionToken, wait: Duration) async throws(GatewayError) -> SessionToken {
        try state.withLock { state throws(GatewayError) in
            if let failure = state.failure { throw failure }
            state.reached.append(token)
            return token
        }
    }

    /// Over `vector`, whatever the partition.
    func fold(_ token: SessionToken) async -> SessionToken {
        var folded = token
        if let vector = state.withLock(\.vector) {
            for mark in token.marks { folded.fold(vector, in: mark.partition) }
        }
        return folded
    }

    func event(of key: Key, at point: PointInTime) async throws(GatewayError) -> Event? {
        state.withLock { state in
            state.events.last { event in
                guard event.key == key, event.kind != .rejected else { return false }
                return switch point {
                case .version(let version): event.sequence <= version
                case .time(let time): event.appliedAt <= time
                }
            }
        }
    }

    func list(prefix: String, after: Key?, limit: Int, valueBytes: Int?) async throws(GatewayError) -> [ListedValue] {
        state.withLock { state in
            let latest = Dictionary(
                state.events.filter { $0.kind != .rejected }.map { ($0.key, $0) }, uniquingKeysWith: { $1 })
            let live = latest.values.filter { event in
                event.kind == .put && event.key.text.utf8.starts(with: prefix.utf8)
                    && (after.map { $0 < event.key } ?? true)
            }
            return live.sorted { $0.key < $1.key }.prefix(limit).map { event in
                ListedValue(
                    key: event.key, size: event.size ?? 0,
                    value: StoredValue(
                        state: KeyState(
                            version: event.sequence, createdVersion: 1, deleted: false, expiresAt: event.expiresAt),
                        content: valueBytes != nil ? event.content! : Content(value: Data(), type: event.contentType!),
                        modifiedAt: event.appliedAt))
            }
        }
    }

    func history(of key: Key, after: UInt64, limit: Int, valueBytes: Int?) async throws(GatewayError) -> [Event] {
        state.withLock { state in
            state.events.filter { $0.key == key && $0.sequence > after }.prefix(limit).map { event in
                var event = event
                if valueBytes == nil { event.content = nil }
                return event
            }
        }
    }

    func changes(_ request: ChangeRequest) async throws(ChangeRefusal) -> ChangeFeed {
        throw state.withLock { state in
            state.feeds.append(request)
            return state.refusal
        }
    }

    func status(of id: CommandID) async throws(GatewayError) -> CommandStatus {
        state.withLock { state in
            if let event = state.events.first(where: { $0.commandID == id }) { return .ended(event.key, event.outcome) }
            return state.pending.contains(id) ? .pending : .neverIssued
        }
    }

    func health(verbose: Bool) async -> HealthReport { HealthReport(checks: state.withLock { $0.checks }) }

    func exposition() async -> (contentType: String, body: ByteBuffer) {
        ("text/plain; version=0.0.4; charset=utf-8", ByteBuffer(string: "up 1\n"))
    }
}
