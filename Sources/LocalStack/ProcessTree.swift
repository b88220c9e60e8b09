import Foundation
import Glibc

/// A set of processes, each known by number and start time, so that a number used again is not taken for it.
package struct ProcessTree: Sendable, Equatable {
    struct Member: Hashable, Sendable {
        let processIdentifier: Int32
        /// Clock ticks since the machine started.
        let startTime: UInt64
    }

    private(set) var members: Set<Member> = []

    init() {}

    /// The process, its process group, and all their descendants; those that changed their session (as PostgreSQL's
    /// do) are among them. Reads all of /proc: a millisecond or two.
    init(root: Int32) {
        let all = ProcessStatus.all()
        var found: Set<Int32> = [root]
        var grew = true
        while grew {
            grew = false
            for status in all where !found.contains(status.processIdentifier) {
                if status.group == root || found.contains(status.parent) {
                    found.insert(status.processIdentifier)
                    grew = true
                }
            }
        }
        for status in all where found.contains(status.processIdentifier) && !status.hasEnded {
            members.insert(Member(processIdentifier: status.processIdentifier, startTime: status.startTime))
        }
    }

    package var isEmpty: Bool { members.isEmpty }

    package var processIdentifiers: [Int32] { members.map(\.processIdentifier).sorted() }

    mutating func merge(_ other: ProcessTree) {
        members.formUnion(other.members)
    }

    /// Forgets those that no longer run (a zombie does not).
    package mutating func removeEnded() {
        members = members.filter { member in
            guard let status = ProcessStatus(member.processIdentifier) else { return false }
            return status.startTime == member.startTime && !status.hasEnded
        }
    }

    /// Sends a signal to each that still runs.
    func signal(_ number: Int32) {
        var current = self
        current.removeEnded()
        for member in current.members { _ = Glibc.kill(member.processIdentifier, number) }
    }
}
