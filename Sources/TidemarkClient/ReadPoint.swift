public import Foundation

/// Which state of a key a read asks for.
public enum ReadPoint: Sendable, Equatable {
    case latest
    /// As it was after the event with this version.
    case version(UInt64)
    /// As it was at this time.
    case time(Date)
    /// As it was at this time, in RFC 3339 as the server shall read it.
    case timestamp(String)

    /// The query that the server expects, with its question mark; empty for the latest state.
    var query: String {
        switch self {
        case .latest: ""
        case .version(let version): "?version=\(version)"
        case .time(let date):
            "?at=\(PercentEncoding.query(date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))))"
        case .timestamp(let text): "?at=\(PercentEncoding.query(text))"
        }
    }
}
