/// One gateway or projector.
package struct Instance: Sendable, Equatable {
    package enum State: Sendable {
        /// Was asked for and does not serve yet.
        case starting
        case ready
        /// Fails its health check or is paused: requests may reach it still. So it counts like a ready one, and is unknown if it
        /// does not answer; but it is no model for others, and the first to leave.
        case unwell
        /// Was asked to end, and finishes what it has.
        case draining
    }

    /// Stays the same as long as it is there.
    package var id: String
    package var role: Role
    /// Where its metrics are: `http://host:port`; `nil` until that is known.
    package var url: String?
    package var state: State

    package init(id: String, role: Role, url: String?, state: State) {
        self.id = id
        self.role = role
        self.url = url
        self.state = state
    }
}
