package import Foundation

/// The first line of a store's history: which store it is. With its secret, which command ids, retries with an
/// `Idempotency-Key` and session tokens rest on, so the file is as confidential as the database.
package struct HistoryHeader: Codable, Sendable, Equatable {
    package var tidemark = "history"
    package var format = 1
    package var cluster: UUID
    package var partitions: Int
    package var secret: Data
}
