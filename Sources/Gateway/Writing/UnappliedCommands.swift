package import Commands

/// What became of one gateway run's commands: how many were accepted and are not applied, and since when. A value
/// without I/O.
///
/// A command's place is its n in its partition. What is accepted is looked at now and then, so the age is right to within the
/// time between two looks. Commands that were refused have an n too: they count until a later one is applied.
package struct UnappliedCommands: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// Everything up to n was accepted by that time, and what is above the mark before it no earlier than the look before.
    private struct Mark: Sendable {
        var n: UInt64
        var noticedAt: Instant
    }

    private struct Course: Sendable {
        /// Ascending, all above `applied`.
        var marks: [Mark] = []
        var applied: UInt64 = 0

        var accepted: UInt64 { marks.last?.n ?? applied }

        /// Joins neighbours: two marks become one with the n of the later and the time of the earlier.
        mutating func thinOut() {
            marks = stride(from: 0, to: marks.count, by: 2).map { index in
                Mark(n: marks[min(index + 1, marks.count - 1)].n, noticedAt: marks[index].noticedAt)
            }
        }
    }

    /// More looks than this are thinned out: the age may then be too high by the time between two of those that are left.
    private static let markLimit = 512

    private var courses: [Course]

    package init(partitions: Int) { courses = Array(repeating: Course(), count: partitions) }

    /// - Parameter confirmed: by partition, the highest n that was accepted.
    package mutating func accepted(_ confirmed: [UInt64], at now: Instant) {
        for (index, n) in confirmed.enumerated() where n > courses[index].accepted {
            courses[index].marks.append(Mark(n: n, noticedAt: now))
            if courses[index].marks.count > Self.markLimit { courses[index].thinOut() }
        }
    }

    /// - Parameter highest: n by partition, as the log has it. Partitions that are not in it stay as they are.
    package mutating func applied(_ highest: [Partition: UInt64]) {
        for (partition, n) in highest where n > courses[partition.number].applied {
            courses[partition.number].applied = n
            courses[partition.number].marks.removeAll { $0.n <= n }
        }
    }

    package var count: UInt64 { courses.reduce(0) { $0 + $1.accepted - $1.applied } }

    /// Since when the oldest has been waiting; `nil` when everything is applied.
    package var oldest: Instant? { courses.compactMap(\.marks.first?.noticedAt).min() }
}
