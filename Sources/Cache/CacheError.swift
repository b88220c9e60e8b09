/// What went wrong with Redis. Nothing is lost by it: reads are answered from the database, invalidations repaired later.
package struct CacheError: Error, Sendable {
    package enum Code: String, Sendable {
        /// Redis can't be reached, or did not answer in time. What was sent may have been done.
        case unavailable
        /// Too many requests are waiting for Redis. Nothing was sent.
        case overloaded
        /// Redis answered with an error, or with something that makes no sense.
        case refused
    }

    package var code: Code
    /// Safe to show.
    package var message: String
    /// For the log only.
    package var metadata: [String: String]

    package init(_ code: Code, _ message: String, metadata: [String: String] = [:]) {
        self.code = code
        self.message = message
        self.metadata = metadata
    }

    static func unavailable(_ reason: String) -> CacheError {
        CacheError(.unavailable, "The cache can't be reached.", metadata: ["redis.error": reason])
    }

    static func refused(_ answer: String) -> CacheError {
        CacheError(.refused, "The cache refused a command.", metadata: ["redis.error": answer])
    }
}
