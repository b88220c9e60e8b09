/// What a write may ask for beyond the value.
public struct WriteOptions: Sendable {
    public var precondition: Precondition
    /// How long the value lives, in whole seconds; `nil` is for ever.
    public var timeToLive: Duration?
    /// How long to wait for the write to be applied, up to 60 s; `nil` returns as soon as it is durable.
    public var wait: Duration?
    /// Names the command: the same name on the same key is the same command for at least 24 hours. When it is `nil`
    /// the client makes one a call, so that its own retries never write twice.
    public var idempotencyKey: String?

    public init(
        precondition: Precondition = .none, timeToLive: Duration? = nil, wait: Duration? = nil,
        idempotencyKey: String? = nil
    ) {
        self.precondition = precondition
        self.timeToLive = timeToLive
        self.wait = wait
        self.idempotencyKey = idempotencyKey
    }
}
