/// A broken promise.
package struct Violation: Sendable, Equatable {
    /// The promise, in a few words that don't vary.
    package var invariant: String
    package var detail: String
}
