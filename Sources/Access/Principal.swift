package import Commands

/// Who asks, and what they may.
package struct Principal: Sendable, Equatable {
    /// Everybody, where access control is off.
    package static let anonymous = Principal(name: "anonymous", grant: .everything)

    /// As events record it: `key:NAME` for an access key, `jwt:SUBJECT` for a signed token, so that neither can pass for
    /// the other.
    package var name: String
    package var grant: Grant
    /// Requests a second; `nil` for the gateway's own limit, if it has one.
    package var rate: Int?

    package init(name: String, grant: Grant, rate: Int? = nil) {
        self.name = name
        self.grant = grant
        self.rate = rate
    }

    package func allows(_ verb: Verb, _ key: Key) -> Bool { grant.allows(verb, key) }
    package func allows(_ verb: Verb) -> Bool { grant.verbs.contains(verb) }
}
