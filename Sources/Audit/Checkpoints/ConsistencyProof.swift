package import EventLog
package import Foundation

/// That a partition's earlier signed tree is the beginning of a later one. As JSON in a file, one for each partition.
package struct ConsistencyProof: Sendable, Equatable, Codable {
    package var hashes: [Data]
    /// Signed notes.
    package var old: String
    package var new: String

    package init(hashes: [MerkleHash], old: SignedNote, new: SignedNote) {
        self.hashes = hashes.map(\.data)
        self.old = old.encoded
        self.new = new.encoded
    }

    /// - Returns: the two checkpoints; `nil` when the proof doesn't hold.
    package func verified(by verifier: NoteVerifier) throws(MalformedNote) -> (old: Checkpoint, new: Checkpoint)? {
        let old = try Self.checkpoint(old, verifier)
        let new = try Self.checkpoint(new, verifier)
        let hashes = hashes.compactMap { MerkleHash($0) }
        guard hashes.count == self.hashes.count, old.partition == new.partition, old.cluster == new.cluster,
            MerkleProof.isConsistent(old.head, with: new.head, proof: hashes)
        else { return nil }
        return (old, new)
    }

    private static func checkpoint(_ text: String, _ verifier: NoteVerifier) throws(MalformedNote) -> Checkpoint {
        let notes = try SignedNote.parse(text)
        guard notes.count == 1 else { throw MalformedNote("A proof has one checkpoint at each end.") }
        return try Checkpoint(notes[0], verifier: verifier)
    }
}
