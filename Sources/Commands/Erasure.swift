/// Which of a key's values are to be destroyed, and why.
package struct Erasure: Sendable, Equatable {
    /// Stands in the record that it was done, and stays for ever.
    package var reason: String
    package var first: UInt64
    /// `nil`: every version before the erasure itself.
    package var last: UInt64?

    package init(reason: String, first: UInt64 = 1, last: UInt64? = nil) {
        self.reason = reason
        self.first = first
        self.last = last
    }

    /// Reads what a record says.
    package init(record: String) {
        self.init(reason: record)
        guard let colon = record.firstIndex(of: ":") else { return }
        let numbers = record[..<colon].split(separator: " ").compactMap { UInt64($0) }
        guard let first = numbers.first else { return }
        let named = Erasure(
            reason: String(record[colon...].dropFirst(2)), first: first, last: numbers.dropFirst().first)
        if named.record == record { self = named }
    }

    package func covers(_ version: UInt64) -> Bool { version >= first && version <= last ?? .max }

    /// What the record says: the versions, unless all of them, and the reason.
    package var record: String {
        switch (first, last) {
        case (...1, nil): reason
        case (_, nil): "versions from \(first): \(reason)"
        case (_, let last?): "versions \(first) to \(last): \(reason)"
        }
    }
}
