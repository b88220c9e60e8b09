/// What became of a write by the time the server answered.
public struct WriteReceipt: Sendable, Equatable {
    public enum Status: String, Sendable, Codable {
        /// Durable, and will be applied. `TidemarkClient.status(of:)` tells what became of it.
        case accepted
        case created
        case replaced
        case deleted
    }

    public var status: Status
    /// The command's id, when the server told it.
    public var command: String?
    /// The key's version after the write, when it was applied already.
    public var version: UInt64?

    public init(status: Status, command: String? = nil, version: UInt64? = nil) {
        self.status = status
        self.command = command
        self.version = version
    }
}
