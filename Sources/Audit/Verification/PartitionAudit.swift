import Commands
package import EventLog
import Foundation

/// Goes through a partition's events once, in order, in bounded memory: leaves, tree, commitments, the chain of versions, and
/// sums of the projection that must have come of it.
///
/// After something that doesn't agree it goes on: the tree at the end tells whether a leaf or its event was changed.
package struct PartitionAudit: Sendable {
    private let partition: Partition
    private let start: UInt64
    private let anchor: TreeHead?
    private let archivedThrough: UInt64
    private let digest: RowDigest
    private let head: PartitionHead

    private var sequence: UInt64
    /// Of the leaves as they must be.
    private var tree: MerkleFrontier
    private var treeAtHead: MerkleFrontier
    private var lastAppliedAt: Int64?
    private var origins: [UInt64: UInt64] = [:]
    private var keys: KeyFold

    /// The earliest that was found.
    private var found: Divergence?
    /// The first event whose leaf is not as recorded, and the columns it may come from.
    private var wrongLeaf: (sequence: UInt64, key: String?, column: EventRow.Column?)?
    private var hasGaps = false
    /// Whether a value is gone, which an erasure has to tell.
    package private(set) var hasEmptied = false
    /// Erasures since `head` was read, which have taken values from what was read after it.
    private var laterErasures: [KeyStep] = []

    /// - Parameters:
    ///   - head: where the partition stands.
    ///   - start: a position that is known to be good, from a signed checkpoint.
    ///   - anchor: another one that must be passed on the way.
    ///   - archivedThrough: up to where values may be in the archive.
    ///   - memory: bytes for the states of keys; beyond that, temporary files.
    package init(
        _ head: PartitionHead, after start: MerkleFrontier = MerkleFrontier(), passing anchor: TreeHead? = nil,
        archivedThrough: UInt64 = 0, digest: RowDigest, memory: Int = 64 << 20
    ) throws {
        partition = head.partition
        self.head = head
        self.start = start.size
        self.anchor = anchor
        self.archivedThrough = archivedThrough
        self.digest = digest
        sequence = start.size
        tree = start
        treeAtHead = start
        let count = head.sequence > start.size ? head.sequence - start.size : 0
        keys = try KeyFold(after: start.size, count: count, memory: memory)
    }

    /// Up to where to read: also what stands beyond the partition's sequence.
    package static func end(_ head: PartitionHead) -> UInt64 { max(head.sequence, head.lastEvent) }

    package mutating func add(_ row: EventRow) throws {
        if row.sequence != sequence + 1 {
            hasGaps = true
            note(
                sequence + 1, key: nil, [.sequence],
                "event \(sequence + 1) is missing; the next in the log is \(row.sequence)")
        }
        sequence = row.sequence

        let leaf = row.computedLeaf
        tree.append(leaf)
        // What stands beyond the partition's end is wrong by being there.
        guard sequence <= head.sequence else { return }
        treeAtHead = tree
        let step = row.kind.map { KeyStep(row, kind: $0, digest: digest) }
        if step?.kind == .emptied { hasEmptied = true }
        let expectedPrevious = try step.flatMap { try keys.apply($0) }
        let recorded = row.hash(.leafHash)
        if leaf == recorded {
            if step == nil { note(row, [.kind], "\"\(row.text(.kind) ?? "")\" is no kind of event") }
            if let expectedPrevious {
                note(
                    row, [.previousVersion], Self.chainDetail(row.unsigned(.previousVersion) ?? 0, expectedPrevious))
            }
            if let (fields, detail) = EventCheck.value(row, archived: sequence <= archivedThrough) {
                note(row, fields, detail)
            }
        } else if wrongLeaf == nil {
            wrongLeaf = (
                sequence, row.text(.key),
                EventCheck.changedColumn(row, recorded: recorded, previous: expectedPrevious)
            )
        }
        if let last = lastAppliedAt, row.appliedAt < last {
            note(row, [.appliedAt], "the event before it was applied later")
        }
        lastAppliedAt = row.appliedAt
        if let origin = row.unsigned(.origin), let n = row.unsigned(.originSequence) {
            origins[origin] = max(origins[origin] ?? 0, n)
        }
        if let anchor, anchor.size == sequence, MerkleHash(tree.root) != anchor.root { note(anchor) }
    }

    /// Takes an event from beyond the partition's end as it was. Only its being there counts: its leaf is for the next time.
    package mutating func addLater(_ row: EventRow) {
        if row.kind == .erased { laterErasures.append(KeyStep(row, kind: .erased, digest: digest)) }
    }

    /// - Returns: the first divergence, the sums of the projection that must have come of the events, and their tree at the
    ///   partition's sequence.
    package consuming func finish() throws -> (divergence: Divergence?, sums: ProjectionSums, tree: MerkleFrontier) {
        var sums = ProjectionSums()
        var wrong: (step: KeyStep, expected: UInt64)?
        var unexplained: UInt64?
        try keys.finish(erasures: laterErasures) { step, expected in
            if step.sequence < wrong?.step.sequence ?? .max { wrong = (step, expected) }
        } part: {
            $0.add(to: &sums, digest)
            unexplained = [unexplained, $0.firstUnexplained].compactMap(\.self).min()
        }
        if let unexplained, unexplained != wrongLeaf?.sequence {
            note(
                unexplained, key: nil, [.value, .valueSalt], "both are gone, and no `erased` event of the key says so")
        }
        if let wrong, wrong.step.sequence != wrongLeaf?.sequence {
            note(
                wrong.step.sequence, key: nil, [.previousVersion], Self.chainDetail(wrong.step.previous, wrong.expected)
            )
        }
        judgeEnd()
        return (found, sums, treeAtHead)
    }

    // MARK: - Judging

    private mutating func judgeEnd() {
        if let wrongLeaf { judge(wrongLeaf) }
        let signed = max(start, anchor?.size ?? 0)
        if head.sequence < signed {
            return note(
                head.sequence + 1, key: nil, [.sequence],
                "the checkpoint has \(signed) events, and the partition \(head.sequence): history was cut off")
        }
        if sequence != head.sequence { return judgeLength() }
        guard !hasGaps else { return }
        if wrongLeaf == nil && treeAtHead.encoded != head.tree { noteTree() }
        // An event that is not as it was can't vouch for its time.
        if wrongLeaf == nil, let last = lastAppliedAt, last != head.lastAppliedAt.microseconds {
            notePartition("last_applied_at", "the last event was applied at \(Timestamp(microseconds: last).rfc3339)")
        }
        for (origin, n) in origins.sorted(by: { $0.key < $1.key }) {
            guard let known = head.origins[Origin(origin)], known < n else { continue }
            note(
                Divergence(
                    partition: partition, sequence: head.sequence, table: .origins, fields: ["n"],
                    detail: "origin \(Origin(origin)) stands at \(known), and the log has its command \(n)"))
        }
    }

    /// Whether a wrong leaf or a wrong event: what the partition's tree is made of is right.
    private mutating func judge(_ wrong: (sequence: UInt64, key: String?, column: EventRow.Column?)) {
        let fields: [String]
        let detail: String
        if wrong.column == nil && tree.encoded == head.tree {
            (fields, detail) = (["leaf_hash"], "the tree has the leaf that the other columns give, and not this one")
        } else if let column = wrong.column {
            (fields, detail) = ([column.name], "with the value that follows from the rest, the leaf matches")
        } else {
            fields = EventRow.Column.allCases.filter { ![.value, .valueSalt, .leafHash].contains($0) }.map(\.name)
            detail = "one of its columns was changed: the leaf does not match"
        }
        note(
            Divergence(
                partition: partition, sequence: wrong.sequence, table: .events, fields: fields, key: wrong.key,
                detail: detail))
    }

    private mutating func judgeLength() {
        if MerkleFrontier(size: sequence, encoded: head.tree) == tree {
            notePartition(
                "seq", "it says \(head.sequence), and log and tree have \(sequence) events",
                at: min(sequence, head.sequence) + 1)
        } else if sequence < head.sequence {
            note(
                sequence + 1, key: nil, [.sequence],
                "the log ends at event \(sequence), and the partition has \(head.sequence)")
        } else {
            note(
                head.sequence + 1, key: nil, [.sequence],
                "the log has events up to \(sequence), and the partition ends at \(head.sequence)")
        }
    }

    private mutating func noteTree() {
        guard let stored = MerkleFrontier(size: head.sequence, encoded: head.tree) else {
            return notePartition("tree", "it has \(head.tree.count) bytes, which \(head.sequence) events don't give")
        }
        let pairs = zip(treeAtHead.subtrees, stored.subtrees)
        let leaves = pairs.first { $0.root != $1.root }?.0.leaves ?? 0..<head.sequence
        notePartition(
            "tree",
            "it is not that of events \(leaves.lowerBound + 1) to \(leaves.upperBound): "
                + "the tree was changed, or an event and its leaf together",
            at: max(leaves.lowerBound, start) + 1)
    }

    // MARK: - Noting

    private mutating func note(_ divergence: Divergence) {
        if let found, found.sequence <= divergence.sequence { return }
        found = divergence
    }

    private mutating func note(_ row: EventRow, _ columns: [EventRow.Column], _ detail: String) {
        note(row.sequence, key: row.text(.key), columns, detail)
    }

    private mutating func note(
        _ sequence: UInt64, key: String?, _ columns: [EventRow.Column], _ detail: String
    ) {
        note(
            Divergence(
                partition: partition, sequence: sequence, table: .events, fields: columns.map(\.name), key: key,
                detail: detail))
    }

    private mutating func notePartition(_ field: String, _ detail: String, at place: UInt64? = nil) {
        note(
            Divergence(
                partition: partition, sequence: place ?? head.sequence, table: .partitions, fields: [field],
                detail: detail))
    }

    private mutating func note(_ anchor: TreeHead) {
        note(
            Divergence(
                partition: partition, sequence: anchor.size, table: .checkpoint, fields: ["root"],
                detail: "the first \(anchor.size) events are not those that were signed: history was rewritten"))
    }

    private static func chainDetail(_ found: UInt64, _ expected: UInt64) -> String {
        "it names \(version(found)), and the key had \(version(expected))"
    }

    private static func version(_ number: UInt64) -> String { number == 0 ? "no version" : "version \(number)" }
}
