package import Commands
import Foundation

/// Values that a batch destroys: of the key's versions `first` to `last`, with their salts. The commitments stay.
package struct ErasedVersions: Sendable, Equatable {
    package var key: Key
    package var first: UInt64
    package var last: UInt64
    /// The key's dead letters lose their commands too, which are of no version yet: those that died until then, not those
    /// that come after the erasure. `nil`: none.
    package var deadLettersThrough: Timestamp?

    package init(key: Key, first: UInt64, last: UInt64, deadLettersThrough: Timestamp?) {
        self.key = key
        self.first = first
        self.last = last
        self.deadLettersThrough = deadLettersThrough
    }

    /// What dead letters hold in place of their commands: one that can be decoded and changes nothing, always the same.
    static let inPlaceOfCommands = EncodedCommand(
        Command(
            id: CommandID(high: 0, low: 0), operation: .barrier, key: Key(trusted: "erased"), principal: "tidemark",
            issuedAt: Timestamp(microseconds: 0))
    ).bytes
}
