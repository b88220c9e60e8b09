/// Why a feed does not begin.
package enum ChangeRefusal: Error, Sendable, Equatable {
    /// The position says more than the log holds.
    case ahead
    /// Retention has removed events after the position; the nearest one from which all is still there.
    case removed(oldest: FeedPosition)
    /// As many feeds as this gateway serves are open.
    case tooMany(Int)
    case failed(GatewayError)
}
