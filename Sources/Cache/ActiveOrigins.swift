import Commands

/// Highest n of the origins that a partition heard from lately. Origins come and go with every run of a gateway; the vector in Redis
/// keeps a bounded number. One that is missing there costs its sessions a look into the database, and comes back with its next command.
struct ActiveOrigins: Sendable, Equatable {
    private struct Heard: Equatable {
        var n: UInt64
        var round: UInt64
    }

    private let limit: Int
    private var heard: [Origin: Heard] = [:]
    private var round: UInt64 = 0

    /// - Parameter limit: of origins. When there are more, the half that was heard last stays.
    init(limit: Int) { self.limit = limit }

    var applied: [Origin: UInt64] { heard.mapValues(\.n) }

    /// - Returns: whether origins were forgotten to keep to the limit.
    mutating func note(_ applied: [Origin: UInt64]) -> Bool {
        round += 1
        for (origin, n) in applied {
            heard[origin] = Heard(n: max(n, heard[origin]?.n ?? 0), round: round)
        }
        guard heard.count > limit else { return false }
        let latest = heard.sorted { ($0.value.round, $0.key) > ($1.value.round, $1.key) }.prefix(limit / 2)
        heard = Dictionary(uniqueKeysWithValues: latest.map { ($0.key, $0.value) })
        return true
    }
}
