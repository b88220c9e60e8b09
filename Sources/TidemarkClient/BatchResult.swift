public import Foundation

/// The answer to one operation of a batch: the status that the single call would have had, and what belongs to it.
public struct BatchResult: Sendable, Equatable {
    /// An HTTP status.
    public var status: Int
    public var command: String?
    public var version: UInt64?
    public var contentType: String?
    public var value: Data?
    /// Of a failed operation.
    public var problem: Problem?

    public var isSuccess: Bool { (200..<300).contains(status) }
    /// The same operation, sent again with the same idempotency key, may succeed.
    public var isRetryable: Bool { TidemarkError.isRetryable(status: status) }
}

extension BatchResult: Codable {
    private enum CodingKeys: String, CodingKey {
        case status, command, version, problem
        case contentType = "content_type"
    }

    /// The problem's members stand in `problem`, or beside the status.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        status = try container.decode(Int.self, forKey: .status)
        command = try container.decodeIfPresent(String.self, forKey: .command)
        version = try container.decodeIfPresent(UInt64.self, forKey: .version)
        contentType = try container.decodeIfPresent(String.self, forKey: .contentType)
        value = try Content.decodeIfPresent(from: decoder)?.bytes
        if let nested = try container.decodeIfPresent(Problem.self, forKey: .problem) {
            problem = nested
        } else if status >= 400 {
            problem = try Problem(from: decoder)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(status, forKey: .status)
        try container.encodeIfPresent(command, forKey: .command)
        try container.encodeIfPresent(version, forKey: .version)
        try container.encodeIfPresent(contentType, forKey: .contentType)
        if let value { try Content(value).encode(to: encoder) }
        try container.encodeIfPresent(problem, forKey: .problem)
    }
}
