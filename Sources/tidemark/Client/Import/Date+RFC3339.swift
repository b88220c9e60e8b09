import Commands
import Foundation

extension Date {
    /// As the store reads times; `nil` if malformed.
    init?(rfc3339 text: String) {
        guard let time = Timestamp(rfc3339: text) else { return nil }
        self.init(timeIntervalSince1970: Double(time.microseconds) / 1e6)
    }
}
