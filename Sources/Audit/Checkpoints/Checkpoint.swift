package import Commands
package import EventLog
package import Foundation

/// A partition's signed tree head (C2SP tlog-checkpoint): origin, size, root, and the tree's edge as an extension line, from which a
/// later verification goes on.
package struct Checkpoint: Sendable, Equatable {
    package var cluster: UUID
    package var partition: Partition
    package var tree: MerkleFrontier
    package var note: SignedNote

    package var head: TreeHead { TreeHead(size: tree.size, root: MerkleHash(tree.root)!) }

    package static func origin(_ cluster: UUID, _ partition: Partition) -> String {
        "tidemark/\(cluster.uuidString.lowercased())/\(partition)"
    }

    private static let edge = "edge "

    package init(_ tree: MerkleFrontier, of partition: Partition, cluster: UUID, signedBy signer: NoteSigner) throws {
        self.cluster = cluster
        self.partition = partition
        self.tree = tree
        note = try signer.sign(
            """
            \(Self.origin(cluster, partition))
            \(tree.size)
            \(tree.root.base64EncodedString())
            \(Self.edge)\(tree.encoded.base64EncodedString())

            """)
    }

    /// - Throws: ``MalformedNote``; also when the signature isn't good, or the edge doesn't give the root.
    package init(_ note: SignedNote, verifier: NoteVerifier) throws(MalformedNote) {
        let lines = note.text.split(separator: "\n").map(String.init)
        guard verifier.verifies(note) else {
            throw MalformedNote("The checkpoint \(lines.first ?? "") bears no good signature of \(verifier.name).")
        }
        let origin = (lines.first ?? "").split(separator: "/")
        guard lines.count >= 4, origin.count == 3, origin[0] == "tidemark",
            let cluster = UUID(uuidString: String(origin[1])),
            let number = Int(origin[2]), Partitioner.allowedCounts.contains(number + 1), let size = UInt64(lines[1]),
            let root = Data(base64Encoded: lines[2]),
            let line = lines[3...].first(where: { $0.hasPrefix(Self.edge) }),
            let edge = Data(base64Encoded: String(line.dropFirst(Self.edge.count))),
            let tree = MerkleFrontier(size: size, encoded: edge)
        else { throw MalformedNote("\(lines.first ?? "") is no checkpoint of a Tidemark partition.") }
        guard tree.root == root else {
            throw MalformedNote("The edge of the checkpoint \(lines[0]) doesn't give its root.")
        }
        self.cluster = cluster
        partition = Partition(number)
        self.tree = tree
        self.note = note
    }

    /// A file of them: the last of each partition counts.
    package static func parse(_ file: String, verifier: NoteVerifier) throws(MalformedNote) -> [Checkpoint] {
        var last: [Partition: Checkpoint] = [:]
        for note in try SignedNote.parse(file) {
            let checkpoint = try Checkpoint(note, verifier: verifier)
            last[checkpoint.partition] = checkpoint
        }
        guard !last.isEmpty else { throw MalformedNote("There is no checkpoint in it.") }
        return last.values.sorted { $0.partition < $1.partition }
    }
}
