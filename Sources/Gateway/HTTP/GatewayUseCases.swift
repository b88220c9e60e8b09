package import Commands
package import EventLog
package import NIOCore

/// What the HTTP layer asks of the gateway.
package protocol GatewayUseCases: Sendable {
    func write(_ request: WriteRequest) async throws(GatewayError) -> WriteResult

    /// One result for each request. Requests of one partition are handed over in the order they stand in.
    func write(_ requests: [WriteRequest]) async -> [Result<WriteResult, GatewayError>]

    /// A value past its expiry comes back as deleted.
    func read(_ request: ReadRequest) async throws(GatewayError) -> ReadResult

    /// Waits until every write of the token is applied.
    ///
    /// - Returns: the token, its dots folded into sequences.
    func reach(_ token: SessionToken, wait: Duration) async throws(GatewayError) -> SessionToken

    /// The token with what is applied of it folded into sequences; waits for nothing.
    func fold(_ token: SessionToken) async -> SessionToken

    /// The value as it was: the last put, deleted or expired event at that point.
    func event(of key: Key, at point: PointInTime) async throws(GatewayError) -> Event?

    /// - Parameter valueBytes: the last row is the one whose value makes it more than so many bytes; `nil`: no values.
    func list(prefix: String, after: Key?, limit: Int, valueBytes: Int?) async throws(GatewayError) -> [ListedValue]

    func history(of key: Key, after: UInt64, limit: Int, valueBytes: Int?) async throws(GatewayError) -> [Event]

    func status(of id: CommandID) async throws(GatewayError) -> CommandStatus

    /// Everything that happens from some position on.
    func changes(_ request: ChangeRequest) async throws(ChangeRefusal) -> ChangeFeed

    /// Bound to this cluster's tag and number of partitions.
    var positions: FeedPositionCodec { get }

    func partition(of key: Key) -> Partition

    /// Bound to this cluster's tag and number of partitions.
    var sessions: SessionTokenCodec { get }

    func health(verbose: Bool) async -> HealthReport

    func exposition() async -> (contentType: String, body: ByteBuffer)
}
