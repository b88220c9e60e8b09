/// A statement as it is prepared, once on each connection. Its name also stands in logs and metrics.
struct Statement: Sendable {
    /// Types of parameters, by their OIDs in PostgreSQL's catalogue, which CockroachDB shares. Always sent: CockroachDB
    /// does not guess.
    enum Parameter: UInt32, Sendable {
        case bool = 16
        case bytes = 17
        case int8 = 20
        case text = 25
        case timestamp = 1184
        case uuid = 2950
        case bools = 1000
        case bytesArray = 1001
        case texts = 1009
        case int8s = 1016
        case timestamps = 1185
        case uuids = 2951
    }

    let name: String
    let sql: String
    let parameterTypes: [UInt32]

    init(_ name: String, _ parameters: [Parameter], _ sql: String) {
        self.name = name
        self.sql = sql
        parameterTypes = parameters.map(\.rawValue)
    }

    init(_ name: String, _ sql: String) { self.init(name, [], sql) }
}
