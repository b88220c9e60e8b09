import Foundation

/// What a replay did.
struct ReplayReport: Encodable {
    var events: UInt64
    var values: Int?
    /// Of a copy by prefix: what the target has now.
    var copied: Int?
    var seconds = 0.0
    var eventsPerSecond = 0
    var into = ""

    private enum CodingKeys: String, CodingKey {
        case events, values, copied, seconds, into
        case eventsPerSecond = "events_per_second"
    }

    init(events: UInt64, values: Int? = nil, copied: Int? = nil) {
        self.events = events
        self.values = values
        self.copied = copied
    }

    mutating func finish(seconds: Double, into target: String) {
        self.seconds = seconds
        eventsPerSecond = seconds > 0 ? Int(Double(events) / seconds) : 0
        // A URL may hold a password.
        into =
            URLComponents(string: target).flatMap { parts in
                var parts = parts
                if parts.password != nil { parts.password = "****" }
                return parts.string
            } ?? target
    }

    var text: String {
        "\(Figures.count(Int(events))) events"
            + (values.map { ", of which \(Figures.count($0)) values stand" } ?? "")
            + (copied.map { ", of which \(Figures.count($0)) were copied" } ?? "")
            + ", in \(Figures.fixed(seconds, 1)) s (\(Figures.count(eventsPerSecond)) events/s), into \(into)"
    }

    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
