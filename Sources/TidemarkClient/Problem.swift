/// A problem document (RFC 9457), as far as a client acts on it.
public struct Problem: Sendable, Equatable, Codable {
    /// `/problems/<slug>`.
    public var type: String?
    public var title: String?
    public var detail: String?
    public var status: Int?
    /// The key's version, for a precondition that failed.
    public var version: UInt64?
    /// The command whose outcome is not known.
    public var command: String?
    /// Where a change feed may begin.
    public var position: String?

    /// The last part of `type`: `queue-full`.
    public var slug: String { type?.split(separator: "/").last.map(String.init) ?? "about:blank" }
}
