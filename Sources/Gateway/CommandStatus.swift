package import Commands

package enum CommandStatus: Sendable, Equatable {
    /// Issued by this cluster and not recorded yet.
    case pending
    case ended(Key, Outcome)
    case neverIssued
}
