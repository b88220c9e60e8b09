/// How much work a gateway takes on at a time, and what it holds of it: a value that is asked before a request is read.
///
/// The limits are fixed. By Little's law a gateway that answers 10,000 requests a second within 50 ms has 500 under way;
/// with more, they only wait longer. Reads, writes and requests that wait on purpose are counted apart, so that a broker
/// that stalls does not stop the reads, and a thousand clients that wait for an outcome stop nobody.
package struct Admission: Sendable {
    package struct Limits: Sendable, Equatable {
        /// Reads under way, and as many writes.
        package var requests = 512
        /// Requests that wait for an outcome, a session or a barrier: they cost memory and nothing else.
        package var waiting = 4_096
        /// Bytes of bodies, and of large answers that the client has not taken yet. One request is let in whatever it brings.
        package var heldBytes = 128 << 20
        /// One more is answered with 503 and closed; beyond twice as many they are closed at once.
        package var connections = 4_096

        package init() {}
    }

    enum Kind: Sendable, CaseIterable {
        case read, write, waiting
    }

    /// What a request will cost, as far as its head tells.
    struct Demand: Sendable, Equatable {
        var kind: Kind
        /// Of the body: as announced, or as many as it may have.
        var bytes: Int
    }

    enum Refusal: String, Sendable, CaseIterable {
        case reads, writes, waiting, bytes
    }

    enum Entrance: Sendable {
        case open
        /// To be told that there are too many.
        case refused
        case closed
    }

    let limits: Limits
    private(set) var heldBytes = 0
    private(set) var connections = 0
    private var reads = 0
    private var writes = 0
    private(set) var waiting = 0

    init(_ limits: Limits) { self.limits = limits }

    /// - Returns: why not; `nil` when it is let in, to be followed by `finish`.
    mutating func admit(_ demand: Demand) -> Refusal? {
        let refusal: Refusal? =
            switch demand.kind {
            case .read: reads < limits.requests ? nil : .reads
            case .write: writes < limits.requests ? nil : .writes
            case .waiting: waiting < limits.waiting ? nil : .waiting
            }
        if let refusal { return refusal }
        // Whoever brings nothing adds nothing, unless the answers that nobody takes have filled everything.
        if heldBytes > 0, heldBytes + demand.bytes > limits.heldBytes { return .bytes }
        count(demand, 1)
        return nil
    }

    mutating func finish(_ demand: Demand) { count(demand, -1) }

    /// An answer of so many bytes is on its way to the client; `release` when it has gone.
    mutating func hold(_ bytes: Int) { heldBytes += bytes }

    mutating func release(_ bytes: Int) { heldBytes -= bytes }

    /// - Returns: whether there is room; to be followed by `disconnect`, whatever it is.
    mutating func connect() -> Entrance {
        connections += 1
        if connections <= limits.connections { return .open }
        return connections <= 2 * limits.connections ? .refused : .closed
    }

    mutating func disconnect() { connections -= 1 }

    private mutating func count(_ demand: Demand, _ one: Int) {
        heldBytes += one * demand.bytes
        switch demand.kind {
        case .read: reads += one
        case .write: writes += one
        case .waiting: waiting += one
        }
    }
}
