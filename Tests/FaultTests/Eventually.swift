import Testing

/// Asks again until it is so.
func eventually(
    _ what: String, within limit: Duration, _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        try #require(ContinuousClock.now < deadline, "not within \(limit): \(what)")
        try await Task.sleep(for: .milliseconds(100))
    }
}
