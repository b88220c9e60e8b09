import Foundation

/// Gathers what one lane sends in its next request.
///
/// Keys are dealt to lanes by their hash, a lane has one request at a time, and no request has a key twice. So the lines of
/// one key are written in the file's order, also when single operations have to be sent again.
struct ImportLane {
    struct Entry {
        var record: ImportRecord
        var line: Int
        var ticket: ImportLedger.Ticket
    }

    struct Limits: Sendable {
        var operations = 200
        var bytes = 512 << 10
    }

    private(set) var entries: [Entry] = []
    private var bytes = 0
    private var keys: Set<Data> = []

    /// Whether `record` has to wait for the next request.
    func isFull(for record: ImportRecord, _ limits: Limits) -> Bool {
        guard !entries.isEmpty else { return false }
        return entries.count >= limits.operations || bytes + Self.size(record) > limits.bytes
            || keys.contains(Data(record.key.utf8))
    }

    mutating func add(_ entry: Entry) {
        bytes += Self.size(entry.record)
        keys.insert(Data(entry.record.key.utf8))
        entries.append(entry)
    }

    /// - Returns: what was gathered; the lane is empty afterwards.
    mutating func take() -> [Entry] {
        defer { self = ImportLane() }
        return entries
    }

    /// FNV-1a over the key's bytes: the same lane in every run.
    static func number(of key: String, lanes: Int) -> Int {
        let hash = key.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return Int(hash % UInt64(lanes))
    }

    private static func size(_ record: ImportRecord) -> Int { record.key.utf8.count + record.value.count + 128 }
}
