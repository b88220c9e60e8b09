import Commands
import EventLog
import Foundation

/// A batch as the projector's fold would make it, without its judgement: every command is applied.
struct TestBatch: Sendable {
    struct Item: Sendable {
        var id = CommandID(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
        var key: Key
        /// `nil` deletes.
        var value: Data?
        var type = Content.defaultType
        var expiresAt: Timestamp?
        var fingerprint: Fingerprint?
    }

    static let origin = Origin(0xfedc_ba98_7654_3210)

    var partition = Partition(0)
    var epoch: UInt64 = 0
    var items: [Item]
    var firstN: UInt64 = 1
    var time = Timestamp(microseconds: 1_800_000_000_000_001)
    var lookUp: [CommandID] = []

    init(_ items: [Item]) { self.items = items }

    init(_ pairs: KeyValuePairs<String, String?>, firstN: UInt64 = 1) {
        self.firstN = firstN
        items = pairs.map { Item(key: Key(trusted: $0.key), value: $0.value.map { Data($0.utf8) }) }
    }

    var read: BatchRead {
        BatchRead(
            partition: partition, epoch: epoch, keys: Array(Set(items.map(\.key))), origins: [Self.origin],
            commandIDs: lookUp)
    }

    @Sendable func decide(_ snapshot: PartitionSnapshot) -> BatchDecision {
        var sequence = snapshot.sequence
        var tree = snapshot.tree
        var states = snapshot.keys
        var values: [Key: StoredValue] = [:]
        var events: [Event] = []
        for (index, item) in items.enumerated() where snapshot.recorded[item.id] == nil {
            sequence += 1
            var event = Event(
                partition: partition, sequence: sequence, kind: item.value == nil ? .deleted : .put, key: item.key,
                previousVersion: states[item.key].flatMap { $0.isLive(at: time) ? $0.version : nil },
                principal: "tester", commandID: item.id, fingerprint: item.fingerprint,
                dot: Dot(origin: Self.origin, n: firstN + UInt64(index)), issuedAt: time, appliedAt: time)
            if let value = item.value {
                event.content = Content(value: value, type: item.type)
                event.contentType = item.type
                event.size = value.count
                event.salt = Data(repeating: 7, count: 16)
                event.commitment = Event.commitment(salt: event.salt!, value: value)
                event.expiresAt = item.expiresAt
            }
            event.leafHash = event.computedLeafHash
            tree.append(leafHash: event.leafHash)
            events.append(event)
            let state = KeyState(
                version: sequence, createdVersion: states[item.key]?.createdVersion ?? sequence,
                deleted: item.value == nil, expiresAt: item.expiresAt)
            states[item.key] = state
            values[item.key] = StoredValue(
                state: state, content: Content(value: item.value ?? Data(), type: item.type), modifiedAt: time)
        }
        return .write(
            BatchWrite(
                events: events, projection: values.map { ($0.key, $0.value) }, deadLetters: [],
                applied: [Self.origin: firstN + UInt64(items.count) - 1], sequence: sequence, tree: tree,
                lastAppliedAt: time, outcomes: events.map(\.outcome)))
    }

    func apply(to store: some EventStore) async throws(EventLogError) -> BatchWrite {
        try await store.transact(read, decide: decide)
    }
}
