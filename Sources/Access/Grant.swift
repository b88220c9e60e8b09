package import Commands

/// Which verbs on which keys: those that begin with one of the prefixes, byte by byte. No prefix, no key; the empty one
/// is every key.
package struct Grant: Sendable, Equatable {
    package static let everything = Grant(verbs: Set(Verb.allCases), prefixes: [""])

    package let verbs: Set<Verb>
    /// In key order, none within another.
    package let prefixes: [String]

    package init(verbs: Set<Verb>, prefixes: some Sequence<String>) {
        self.verbs = verbs
        var kept: [String] = []
        // In byte order what a prefix covers follows it.
        for prefix in prefixes.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        where !(kept.last.map(prefix.begins) ?? false) { kept.append(prefix) }
        self.prefixes = kept
    }

    package func covers(_ key: Key) -> Bool { prefixes.contains { key.text.begins(with: $0) } }

    package func allows(_ verb: Verb, _ key: Key) -> Bool { verbs.contains(verb) && covers(key) }

    /// What the grant covers of the keys that begin with `prefix`: prefixes in key order, none within another, so that
    /// reading one after the other gives keys in order. Empty when it covers none of them.
    package func coverage(of prefix: String) -> [String] {
        prefixes.compactMap { own in
            if prefix.begins(with: own) { prefix } else if own.begins(with: prefix) { own } else { nil }
        }
    }
}

extension String {
    /// By bytes. `hasPrefix` compares characters: to it `a` doesn't begin `á` when that is an `a` with an accent after it,
    /// and to the database's ranges it does.
    fileprivate func begins(with prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }
}
