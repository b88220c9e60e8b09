import TidemarkClient

/// Gathers what one lane sends in its next request.
///
/// Keys are dealt to lanes by their hash, a lane has one request at a time, and no request has a key twice. So the lines of
/// one key are written in the file's order, also when single operations have to be sent again.
struct ImportLane {
    struct Entry: Sendable {
        var operation: BatchOperation
        var line: Int
        var ticket: ImportLedger.Ticket

        /// Roughly its bytes on the wire.
        var size: Int { operation.key.utf8.count + (operation.value?.count ?? 0) + 128 }
    }

    struct Limits: Sendable {
        var operations = 200
        var bytes = 512 << 10
    }

    private(set) var entries: [Entry] = []
    private var bytes = 0
    /// Bytes, because `String` takes canonically equivalent texts for equal, and the store does not.
    private var keys: Set<[UInt8]> = []

    /// Whether `entry` has to wait for the next request.
    func isFull(for entry: Entry, _ limits: Limits) -> Bool {
        guard !entries.isEmpty else { return false }
        return entries.count >= limits.operations || bytes + entry.size > limits.bytes
            || keys.contains(Array(entry.operation.key.utf8))
    }

    mutating func add(_ entry: Entry) {
        bytes += entry.size
        keys.insert(Array(entry.operation.key.utf8))
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
}
