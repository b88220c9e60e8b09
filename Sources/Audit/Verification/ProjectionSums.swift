import Commands
import EventLog

/// The projection of a partition as a few sums: equal sums, equal rows. Which of them differ tells where to look closer.
package struct ProjectionSums: Sendable, Equatable {
    package static let bucketCount = 256

    private var sums = [RowDigest.Sum](repeating: .zero, count: bucketCount)

    package init() {}

    static func bucket(of key: RowDigest.Short) -> Int { Int(key.x & UInt64(bucketCount - 1)) }

    mutating func add(_ row: RowDigest.Sum, key: RowDigest.Short) { sums[Self.bucket(of: key)] &+= row }

    /// The buckets in which `other` has other rows.
    func differences(from other: ProjectionSums) -> [Int] { sums.indices.filter { sums[$0] != other.sums[$0] } }
}

/// The version a life began at, as far as the events after a position tell: 0 where they don't.
func knownCreation(_ created: UInt64, version: UInt64, deleted: Bool, after start: UInt64) -> UInt64 {
    guard start > 0 else { return created }
    // A deletion of what never was gives its own version, and one of what was deleted before gives an older one.
    return created <= start || (deleted && created == version) ? 0 : created
}
