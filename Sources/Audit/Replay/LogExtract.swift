import Commands
package import EventLog

/// A partition's events of some keys as a log of their own, without gaps: sequences are given anew, and with them
/// `previous_version`, the versions that an erasure names, and the leaf. Everything else of an event stays.
///
/// A key's events are all in it or none, so that what one says of the key's version before is in it, too. Eight bytes an event.
package struct LogExtract: Sendable {
    /// Whether it is of all keys: then it is the log itself.
    private let isWhole: Bool
    /// Where the events stand in the log.
    private var origins: [UInt64] = []
    /// How many events it has.
    package private(set) var size: UInt64 = 0

    package init(isWhole: Bool) { self.isWhole = isWhole }

    /// Takes the next event of the keys.
    ///
    /// - Returns: what it is in here.
    ///
    /// - Throws: when it follows a version that is not there.
    package mutating func take(_ event: Event) throws(Divergence) -> Event {
        size += 1
        if isWhole { return event }
        origins.append(event.sequence)
        var event = event
        if let version = event.previousVersion {
            guard let place = place(of: version) else {
                throw Divergence(
                    partition: event.partition, sequence: event.sequence, table: .events, fields: ["previous_version"],
                    key: event.key.text, detail: "the key has no version \(version)")
            }
            event.previousVersion = place
        }
        if event.kind == .erased, let record = event.reason {
            var erasure = Erasure(record: record)
            erasure.first = UInt64(index(of: erasure.first)) + 1
            erasure.last = erasure.last.map { UInt64(index(of: min($0, .max - 1) + 1)) }
            event.reason = erasure.record
        }
        event.sequence = size
        event.leafHash = event.computedLeafHash
        return event
    }

    private func place(of version: UInt64) -> UInt64? {
        let index = index(of: version)
        return index < origins.count && origins[index] == version ? UInt64(index) + 1 : nil
    }

    /// Of the first event that stood there or later.
    private func index(of sequence: UInt64) -> Int {
        var range = origins.indices
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = origins[middle] < sequence ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }
}
