import Commands

/// Which events a feed shows. The one place that decides it: the database reads no more than keys of `prefix`, and every
/// event, wherever it was read, passes `admits`.
package struct ChangeFilter: Sendable, Equatable {
    package let prefix: String
    /// What of `prefix` may be shown.
    private let covered: [String]

    /// - Parameter covered: prefixes within `prefix`, when the client may not see all of it.
    package init(prefix: String = "", covered: [String]? = nil) {
        self.prefix = prefix
        self.covered = covered ?? [prefix]
    }

    func admits(_ key: Key) -> Bool { covered.contains { key.text.utf8.starts(with: $0.utf8) } }
}
