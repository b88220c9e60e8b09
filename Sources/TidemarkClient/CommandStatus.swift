/// What became of a command.
public struct CommandStatus: Sendable, Equatable, Codable {
    public enum State: String, Sendable, Codable {
        case pending, applied, rejected
        /// It could not be applied and was set aside.
        case dead
    }

    public var status: State
    public var key: String?
    public var version: UInt64?
    /// Why it was rejected or set aside.
    public var reason: String?
}
