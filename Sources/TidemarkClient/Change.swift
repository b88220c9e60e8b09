/// One event of the log, as a change feed tells it.
public struct Change: Sendable, Equatable {
    public var key: String
    public var event: HistoryPage.Event
    /// Behind this event: a feed that begins after it goes on with the next one.
    public var position: String
}

extension Change: Codable {
    private enum CodingKeys: String, CodingKey {
        case key, position
    }

    /// Flat: the members of the event, and these two.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        key = try container.decode(String.self, forKey: .key)
        position = try container.decodeIfPresent(String.self, forKey: .position) ?? ""
        event = try HistoryPage.Event(from: decoder)
    }

    public func encode(to encoder: any Encoder) throws {
        try event.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(key, forKey: .key)
        try container.encode(position, forKey: .position)
    }
}
