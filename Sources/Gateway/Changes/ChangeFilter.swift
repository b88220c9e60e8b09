import Commands

/// Which events a feed shows. The one place that decides it: the database reads no more than keys of `prefix`, and every
/// event, wherever it was read, passes `admits`.
package struct ChangeFilter: Sendable, Equatable {
    package var prefix: String

    package init(prefix: String = "") { self.prefix = prefix }

    func admits(_ key: Key) -> Bool { prefix.isEmpty || key.text.utf8.starts(with: prefix.utf8) }
}
