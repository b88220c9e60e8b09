public import Foundation

/// A value with what the store knows about it.
public struct StoredValue: Sendable, Equatable {
    public var bytes: Data
    public var contentType: String
    public var version: UInt64
    /// The server's `Last-Modified`, as it came.
    public var lastModified: String?
    /// Where the answer came from (RFC 9211), as it came: `tidemark; hit`.
    public var cacheStatus: String?

    public init(
        bytes: Data, contentType: String, version: UInt64, lastModified: String? = nil, cacheStatus: String? = nil
    ) {
        self.bytes = bytes
        self.contentType = contentType
        self.version = version
        self.lastModified = lastModified
        self.cacheStatus = cacheStatus
    }
}
