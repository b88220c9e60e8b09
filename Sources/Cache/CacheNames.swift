import Commands
import Synchronization

/// The names of Redis keys: `<namespace>:hb:<partition>` (heartbeat), `<namespace>:vv:<partition>` (vector) and
/// `<namespace>:<incarnation>:<key>` (entry).
struct CacheNames: Sendable {
    let namespace: String

    func heartbeat(of partition: Partition) -> String { "\(namespace):hb:\(partition)" }
    func vector(of partition: Partition) -> String { "\(namespace):vv:\(partition)" }
    func entryPrefix(incarnation: some StringProtocol) -> String { "\(namespace):\(incarnation):" }
}

/// What a gateway keeps of one partition so that a look-up formats little: the beginning of its command, and the incarnation it saw last.
final class PartitionLookup: Sendable {
    /// The incarnation, as bytes, and what the names of its entries begin with.
    struct Known: Sendable {
        var incarnation: [UInt8]
        var entryPrefix: [UInt8]
    }

    /// `MGET heartbeat`, one argument missing.
    let head: [UInt8]
    /// The name of the vector's hash.
    let vector: String
    private let names: CacheNames
    private let known: Mutex<Known>

    init(_ partition: Partition, names: CacheNames) {
        self.names = names
        vector = names.vector(of: partition)
        var command = RESPCommand("MGET", arguments: 3)
        command.add(names.heartbeat(of: partition))
        head = command.bytes
        // Finds nothing; the heartbeat that comes back with it tells the incarnation.
        known = Mutex(Known(incarnation: [], entryPrefix: Array(names.entryPrefix(incarnation: "").utf8)))
    }

    var current: Known { known.withLock { $0 } }

    /// Takes over the incarnation that Redis named.
    func learn(_ incarnation: [UInt8]) -> Known {
        let prefix = names.entryPrefix(incarnation: String(decoding: incarnation, as: UTF8.self))
        let learned = Known(incarnation: incarnation, entryPrefix: Array(prefix.utf8))
        known.withLock { $0 = learned }
        return learned
    }
}
