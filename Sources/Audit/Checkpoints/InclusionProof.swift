package import EventLog
package import Foundation

/// That an event is in a signed tree: a file that needs no database to be checked (C2SP tlog-proof). Its extra data is the
/// leaf, and the salt of the value if there is one, as JSON.
package struct InclusionProof: Sendable, Equatable {
    private static let header = "c2sp.org/tlog-proof@v1"

    package struct Entry: Sendable, Equatable, Codable {
        package var leaf: Data
        package var salt: Data?
    }

    package var entry: Entry
    /// Of the leaf, from 0: an event's sequence less one.
    package var index: UInt64
    package var hashes: [MerkleHash]
    package var note: SignedNote

    package init(leaf: Data, salt: Data?, index: UInt64, hashes: [MerkleHash], note: SignedNote) {
        entry = Entry(leaf: leaf, salt: salt)
        self.index = index
        self.hashes = hashes
        self.note = note
    }

    package var encoded: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let extra = (try? encoder.encode(entry)) ?? Data()
        let lines = [Self.header, "extra \(extra.base64EncodedString())", "index \(index)"]
        return (lines + hashes.map { $0.data.base64EncodedString() } + ["", note.encoded]).joined(separator: "\n")
    }

    package init(_ file: String) throws(MalformedNote) {
        let malformed = MalformedNote("This is no proof of `tidemark audit proof`.")
        let lines = file.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let body = lines.prefix { !$0.isEmpty }
        guard body.count >= 3, body[0] == Self.header, body[1].hasPrefix("extra "), body[2].hasPrefix("index "),
            let extra = Data(base64Encoded: String(body[1].dropFirst(6))),
            let entry = try? JSONDecoder().decode(Entry.self, from: extra), let index = UInt64(body[2].dropFirst(6))
        else { throw malformed }
        self.entry = entry
        self.index = index
        hashes = []
        for line in body.dropFirst(3) {
            guard let hash = Data(base64Encoded: line).flatMap({ MerkleHash($0) }) else { throw malformed }
            hashes.append(hash)
        }
        let notes = try SignedNote.parse(lines.dropFirst(body.count).joined(separator: "\n"))
        guard notes.count == 1 else { throw malformed }
        note = notes[0]
    }

    /// - Returns: the event, without its value, and the checkpoint that it is in; `nil` when the proof doesn't hold.
    /// - Throws: ``MalformedNote`` when checkpoint or leaf can't be read.
    package func verified(by verifier: NoteVerifier) throws(MalformedNote) -> (event: Event, checkpoint: Checkpoint)? {
        let checkpoint = try Checkpoint(note, verifier: verifier)
        guard let event = Event(leafData: entry.leaf) else { throw MalformedNote("The proof's leaf can't be read.") }
        let leaf = entry.leaf.withUnsafeBytes { MerkleHash.leaf($0) }
        guard event.partition == checkpoint.partition, event.sequence == index + 1,
            MerkleProof.includes(leaf, at: index, in: checkpoint.head, proof: hashes)
        else { return nil }
        return (event, checkpoint)
    }
}
