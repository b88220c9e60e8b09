/// What users are promised; what falls short of it is counted.
package struct Objectives: Sendable, Equatable {
    /// Seconds within which a request is to be answered.
    package var latency = 0.05
    /// The share of requests that may be slower, refused or failed; a second with more violates the objective.
    package var budget = 0.01
    /// Seconds within which an accepted command is to be applied.
    package var lag = 30.0

    package init() {}
}
