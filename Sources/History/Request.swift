/// What a call asked for.
package enum Request: Sendable, Equatable {
    case get(ReadLevel)
    /// The value is unlike that of any other put of the recording, so that it tells who wrote it.
    case put(String, Condition = .none)
    case delete(Condition = .none)

    package var condition: Condition {
        switch self {
        case .get: .none
        case .put(_, let condition), .delete(let condition): condition
        }
    }
}

/// How fresh a read must be: the values of `Tidemark-Consistency`.
package enum ReadLevel: String, Sendable, CaseIterable, Codable {
    case eventual, session, applied, linearizable
}

/// What must hold of the key for a write to happen.
package enum Condition: Sendable, Hashable {
    case none, exists, absent
    case version(UInt64)
}
