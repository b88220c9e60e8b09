package import Commands
import Foundation

/// Values that a batch destroys: of the key's versions `first` to `last`, with their salts. The commitments stay.
package struct ErasedVersions: Sendable, Equatable {
    package var key: Key
    package var first: UInt64
    package var last: UInt64
    /// Whether the key's dead letters lose their commands too: they are not of a version yet.
    package var deadLetters: Bool

    package init(key: Key, first: UInt64, last: UInt64, deadLetters: Bool) {
        self.key = key
        self.first = first
        self.last = last
        self.deadLetters = deadLetters
    }

    /// What dead letters hold in place of their commands: one that can be decoded and changes nothing, always the same.
    static let inPlaceOfCommands = EncodedCommand(
        Command(
            id: CommandID(high: 0, low: 0), operation: .barrier, key: Key(trusted: "erased"), principal: "tidemark",
            issuedAt: Timestamp(microseconds: 0))
    ).bytes
}
