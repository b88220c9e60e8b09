import Commands
package import EventLog

/// Makes proofs from the leaves that the log has recorded. A tree that doesn't come out as it was signed is a divergence, and
/// no proof.
package struct Prover<Source: EventSource>: Sendable {
    private let source: Source

    package init(_ source: Source) { self.source = source }

    package func inclusion(of event: Event, in checkpoint: Checkpoint) async throws -> InclusionProof {
        let index = event.sequence - 1
        let hashes = try await roots(
            of: MerkleProof.inclusion(of: index, in: checkpoint.tree.size), in: checkpoint)
        return InclusionProof(
            leaf: event.leafData, salt: event.salt, index: index, hashes: hashes, note: checkpoint.note)
    }

    package func consistency(from old: Checkpoint, to new: Checkpoint) async throws -> ConsistencyProof {
        let hashes = try await roots(
            of: MerkleProof.consistency(from: old.tree.size, to: new.tree.size), in: new)
        guard MerkleProof.isConsistent(old.head, with: new.head, proof: hashes) else {
            throw Divergence(
                partition: old.partition, sequence: old.tree.size, table: .checkpoint, fields: ["root"],
                detail: "the old checkpoint is not the beginning of the new one: history was rewritten")
        }
        return ConsistencyProof(hashes: hashes, old: old.note, new: new.note)
    }

    private func roots(of ranges: [Range<UInt64>], in checkpoint: Checkpoint) async throws -> [MerkleHash] {
        let size = checkpoint.tree.size
        let subtrees = try await source.fold(
            checkpoint.partition, after: 0, through: size, values: false, into: SubtreeRoots(ranges)
        ) { subtrees, row in
            // A hash that is none makes the tree another one.
            subtrees.add(row.hash(.leafHash) ?? row.computedLeaf)
        }
        guard let roots = subtrees.roots, subtrees.tree == checkpoint.tree else {
            throw Divergence(
                partition: checkpoint.partition, sequence: subtrees.tree.size, table: .checkpoint, fields: ["root"],
                detail: "the log's leaves are not those that were signed; `tidemark audit verify` tells more")
        }
        return roots
    }
}
