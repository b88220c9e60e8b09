/// How fresh an answer must be. The stricter, the more it costs.
public enum Consistency: String, Sendable, CaseIterable, Codable {
    /// The cache; may lag behind by what the queue holds. The server's default without a session.
    case eventual
    /// At least everything the session has seen or written. The server's default with a session.
    case session
    /// The latest applied state, from the database.
    case applied
    /// Every write acknowledged before the read is in the answer.
    case linearizable
}
