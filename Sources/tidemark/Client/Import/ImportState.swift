import Foundation

/// What an import that was interrupted needs to go on.
struct ImportState: Codable, Equatable {
    /// Of the file, as it was: another file under its name starts over.
    struct Source: Codable, Equatable {
        var size: UInt64
        /// Seconds since 1970.
        var modified: Double
    }

    var source: Source
    /// Everything before this offset was acknowledged.
    var offset: UInt64 = 0
    /// How many lines that is.
    var lines = 0
    var records = 0
    var bytes: UInt64 = 0
    var failed = 0
    /// What was written is applied when all of these tokens are reached.
    var tokens: [String] = []
    /// See `ImportRecord.idempotencyKey(occasion:)`.
    var occasion = ""

    /// - Returns: `nil` when there is none, or it can't be read.
    static func read(_ path: String) -> ImportState? {
        FileManager.default.contents(atPath: path).flatMap { try? JSONDecoder().decode(ImportState.self, from: $0) }
    }

    func write(_ path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicFile.write(try encoder.encode(self), to: path)
    }

    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
