/// Why a number stays although the load asks for another one.
package enum Hold: String, CaseIterable, Sendable {
    /// A signal is missing. What is not known is never taken for idle.
    case unknown
    /// Other observations in the stabilisation window asked for less, or for more.
    case window
    /// The last change was a moment ago.
    case coolDown = "cool-down"
    /// It is the maximum that was set, or the number of partitions.
    case bound
    /// Requests are slow: not the time to remove a gateway.
    case latency
    /// Commands wait too long: not the time to remove a projector.
    case lag
    /// Nothing is applied at all, or some projectors idle while commands wait in others: what is broken or slow are not the
    /// projectors, and more of them would not help.
    case stalled
}
