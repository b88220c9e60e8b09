import HTTPTypes

extension HTTPField.Name {
    static let tidemarkSession = Self("Tidemark-Session")!
    static let tidemarkVersion = Self("Tidemark-Version")!
    /// Of the command that became of a write.
    static let tidemarkCommand = Self("Tidemark-Command")!
    static let requestID = Self("X-Request-Id")!
    static let cacheStatus = Self("Cache-Status")!
    static let preferenceApplied = Self("Preference-Applied")!
    static let lastEventID = Self("Last-Event-ID")!
    /// nginx and its like pass an answer on as it comes when this says `no`.
    static let accelBuffering = Self("X-Accel-Buffering")!
}

extension HTTPField {
    /// Answers depend on who asks and change at any moment: nobody shall keep them without asking again.
    static let noCache = HTTPField(name: .cacheControl, value: "private, no-cache")
    static let connectionClose = HTTPField(name: .connection, value: "close")
    static let jsonContent = HTTPField(name: .contentType, value: "application/json")
    static let problemContent = HTTPField(name: .contentType, value: Problem.contentType)
    static let defaultContent = HTTPField(name: .contentType, value: "application/octet-stream")

    private static let hit = HTTPField(name: .cacheStatus, value: "tidemark; hit")
    private static let missStored = HTTPField(name: .cacheStatus, value: "tidemark; fwd=miss; stored")
    private static let missNotStored = HTTPField(name: .cacheStatus, value: "tidemark; fwd=miss")
    private static let bypass = HTTPField(name: .cacheStatus, value: "tidemark; fwd=bypass")

    static func cacheStatus(_ source: ReadSource) -> HTTPField {
        switch source {
        case .cache: hit
        case .databaseAfterMiss(let stored): stored ? missStored : missNotStored
        case .database: bypass
        }
    }

    static func entityTag(_ version: UInt64) -> HTTPField { HTTPField(name: .eTag, value: EntityTag.text(of: version)) }
}

extension HTTPFields {
    /// The two headers that tell a version.
    mutating func appendVersion(_ version: UInt64) {
        append(.entityTag(version))
        append(HTTPField(name: .tidemarkVersion, value: String(version)))
    }
}
