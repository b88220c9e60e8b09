import Audit
import Commands
import EventLog
import Foundation
import Testing

@Suite("Signed notes and checkpoints")
struct CheckpointTests {
    /// The example of Go's golang.org/x/mod/sumdb/note.
    private static let text = """
        If you think cryptography is the answer to your problem,
        then you don't know what your problem is.

        """
    private static let signature =
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    private static let privateKey = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
    private static let publicKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

    @Test("Go's example note is read and verified, its keys are written as Go writes them")
    func known() throws {
        let file = "\(Self.text)\n— PeterNeumann \(Self.signature)\n"
        let notes = try SignedNote.parse(file)
        let verifier = try NoteVerifier(Self.publicKey)
        #expect(notes.count == 1 && notes[0].text == Self.text && notes[0].encoded == file)
        #expect(verifier.verifies(notes[0]))
        let signer = try NoteSigner(Self.privateKey)
        #expect(
            signer.text == Self.privateKey && signer.verifier.text == Self.publicKey && verifier.text == Self.publicKey)
        #expect(verifier.verifies(try signer.sign(Self.text)))
        var other = notes[0]
        other.text += "And more.\n"
        #expect(!verifier.verifies(other))
        #expect(!(try NoteSigner(newNamed: "PeterNeumann").verifier.verifies(notes[0])))
    }

    @Test(
        "Keys that are none are refused",
        arguments: ["", "a+b", "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "x+00000000+AAAA"])
    func badKeys(text: String) {
        #expect(throws: MalformedNote.self) { try NoteVerifier(text) }
        #expect(throws: MalformedNote.self) { try NoteSigner(text) }
    }

    @Test("Checkpoints of several partitions go through a file, and every changed byte of it is noticed")
    func file() throws {
        let signer = try NoteSigner(newNamed: "example.org/log")
        let cluster = UUID()
        let checkpoints = try (0..<3).map { number in
            var tree = MerkleFrontier()
            for leaf in 0..<(number * 7) { tree.append(leafHash: MerkleFrontier.leaf(Data([UInt8(leaf)]))) }
            return try Checkpoint(tree, of: Partition(number), cluster: cluster, signedBy: signer)
        }
        let text = checkpoints.map(\.note.encoded).joined(separator: "\n")
        #expect(try Checkpoint.parse(text, verifier: signer.verifier) == checkpoints)
        #expect(
            text.hasPrefix(
                "tidemark/\(cluster.uuidString.lowercased())/0\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"))
        let note = checkpoints[2].note.encoded
        for index in note.utf8.indices {
            var bytes = Array(note.utf8)
            let place = note.utf8.distance(from: note.utf8.startIndex, to: index)
            bytes[place] ^= 1
            let changed =
                (try? Checkpoint.parse(String(decoding: bytes, as: UTF8.self), verifier: signer.verifier)) ?? []
            // Base64 has bits that mean nothing; a changed one must change nothing.
            #expect(changed.isEmpty || changed.map(\.tree) == [checkpoints[2].tree], "byte \(place)")
        }
    }

    @Test("A proof goes through its file, and holds for its event and its checkpoint alone")
    func inclusionFile() throws {
        let signer = try NoteSigner(newNamed: "log")
        let events = (1...9).map { number in
            Event(
                partition: Partition(0), sequence: UInt64(number), kind: .put, key: Key(trusted: "k\(number)"), size: 1,
                commitment: Data(repeating: 1, count: 32), contentType: "text/plain", principal: "p",
                commandID: CommandID(high: 1, low: UInt64(number)), issuedAt: Timestamp(microseconds: 1),
                appliedAt: Timestamp(microseconds: 2))
        }
        var tree = MerkleFrontier()
        var roots = SubtreeRoots(MerkleProof.inclusion(of: 4, in: 9))
        for event in events {
            tree.append(leafHash: event.computedLeafHash)
            roots.add(MerkleHash(event.computedLeafHash)!)
        }
        let checkpoint = try Checkpoint(tree, of: Partition(0), cluster: UUID(), signedBy: signer)
        let proof = InclusionProof(
            leaf: events[4].leafData, salt: Data([9]), index: 4, hashes: roots.roots!, note: checkpoint.note)
        let read = try InclusionProof(proof.encoded)
        #expect(read == proof)
        #expect(proof.encoded.hasPrefix("c2sp.org/tlog-proof@v1\nextra "))
        let verified = try #require(try read.verified(by: signer.verifier))
        #expect(
            verified.event.key == events[4].key && verified.event.sequence == 5 && verified.checkpoint == checkpoint)
        var other = read
        other.entry.leaf = events[5].leafData
        #expect(try other.verified(by: signer.verifier) == nil)
        other = read
        other.hashes.removeLast()
        #expect(try other.verified(by: signer.verifier) == nil)
        #expect(throws: MalformedNote.self) {
            try read.verified(by: try NoteSigner(newNamed: "log").verifier)
        }
    }
}
