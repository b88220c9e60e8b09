/// One line of a history file. docs/checking.md describes the format.
package enum Record: Sendable, Equatable {
    case start(Start)
    case call(Call)
    case status(Status)
    case event(LoggedEvent)
    case log(LogEnd)
    case final(FinalRead)

    /// The first line: how the recording was made.
    package struct Start: Sendable, Equatable, Codable {
        package static let currentFormat = 1
        package var format = Self.currentFormat
        /// What all keys start with; nothing else writes there.
        package var prefix: String
        package var urls: [String]
        package var seed: UInt64
        package var clients: Int

        package init(prefix: String, urls: [String], seed: UInt64, clients: Int) {
            self.prefix = prefix
            self.urls = urls
            self.seed = seed
            self.clients = clients
        }
    }

    /// What `/v1/commands/{id}` said of an acknowledged command in the end.
    package struct Status: Sendable, Equatable, Codable {
        package enum State: String, Sendable, Codable {
            case pending, applied, rejected, dead
            /// The cluster says that it never issued this id.
            case neverIssued = "never-issued"
        }
        package var command: String
        package var state: State
        package var version: UInt64?

        package init(command: String, state: State, version: UInt64? = nil) {
            self.command = command
            self.state = state
            self.version = version
        }
    }

    /// One event of `/v1/history/{key}`, read after the load.
    package struct LoggedEvent: Sendable, Equatable, Codable {
        package enum Kind: String, Sendable, Codable { case put, deleted, rejected, expired }
        package var key: String
        package var version: UInt64
        package var kind: Kind
        package var command: String?
        package var value: String?

        package init(key: String, version: UInt64, kind: Kind, command: String? = nil, value: String? = nil) {
            self.key = key
            self.version = version
            self.kind = kind
            self.command = command
            self.value = value
        }
    }

    /// That all events of a key stand before this line.
    package struct LogEnd: Sendable, Equatable, Codable {
        package var key: String
        package var events: Int

        package init(key: String, events: Int) {
            self.key = key
            self.events = events
        }
    }

    /// What a gateway said of a key at rest.
    package struct FinalRead: Sendable, Equatable, Codable {
        package var key: String
        package var gateway: Int
        package var level: ReadLevel
        /// `nil`: absent, or not read for the problem below.
        package var value: String?
        package var version: UInt64?
        package var problem: String?

        private enum CodingKeys: String, CodingKey {
            case key, gateway, value, version, problem
            case level = "consistency"
        }

        package init(
            key: String, gateway: Int, level: ReadLevel, value: String? = nil, version: UInt64? = nil,
            problem: String? = nil
        ) {
            self.key = key
            self.gateway = gateway
            self.level = level
            self.value = value
            self.version = version
            self.problem = problem
        }
    }
}

extension Record: Codable {
    private enum CodingKeys: String, CodingKey { case type }
    private enum Kind: String, Codable { case start, operation, status, event, log, final }

    package init(from decoder: any Decoder) throws {
        switch try decoder.container(keyedBy: CodingKeys.self).decode(Kind.self, forKey: .type) {
        case .start: self = .start(try Start(from: decoder))
        case .operation: self = .call(try Call(from: decoder))
        case .status: self = .status(try Status(from: decoder))
        case .event: self = .event(try LoggedEvent(from: decoder))
        case .log: self = .log(try LogEnd(from: decoder))
        case .final: self = .final(try FinalRead(from: decoder))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .start(let start):
            try container.encode(Kind.start, forKey: .type)
            try start.encode(to: encoder)
        case .call(let call):
            try container.encode(Kind.operation, forKey: .type)
            try call.encode(to: encoder)
        case .status(let status):
            try container.encode(Kind.status, forKey: .type)
            try status.encode(to: encoder)
        case .event(let event):
            try container.encode(Kind.event, forKey: .type)
            try event.encode(to: encoder)
        case .log(let end):
            try container.encode(Kind.log, forKey: .type)
            try end.encode(to: encoder)
        case .final(let read):
            try container.encode(Kind.final, forKey: .type)
            try read.encode(to: encoder)
        }
    }
}
