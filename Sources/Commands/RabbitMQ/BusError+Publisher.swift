// What callers of `publish` are told.
extension BusError {
    static let disconnected = BusError(.unavailable, "no message broker can be reached; try again later")
    static let late = BusError(.unavailable, "the message broker did not take the command in time; try again later")
    static let closing = BusError(.unavailable, "this gateway is shutting down; send the request to another one")
    static let publisherFull = BusError(.full, "too many commands wait for the message broker; try again later")
    static let queueFull = BusError(.full, "the partition's queue is full; try again when it has been worked off")
    static let brokerShort = BusError(.full, "the message broker is short of memory or disk; try again later")
    static let noQueue = BusError(.unroutable, "the partition's queue was missing and is being made; try again")
    static let unconfirmed = BusError(
        .outcomeUnknown,
        "the command was sent but its confirm did not come; it may still be applied. Repeat it with the same "
            + "Idempotency-Key, or look at the command's status")
}
