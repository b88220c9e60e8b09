/// What a principal may do with the keys it is granted.
package enum Verb: String, CaseIterable, Sendable, Codable {
    /// Values, today's and past ones, and lists of keys.
    case read
    case write
    case delete
    /// Who did what, when: histories, and the gateway's figures.
    case audit
    /// What concerns the whole cluster.
    case admin
}
