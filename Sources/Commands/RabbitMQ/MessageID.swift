/// The `message-id` property of a batch, `17+3`: its first n and the number of its commands. It lets a consumer weigh
/// a message, and an operator see what it is, without decoding it.
package struct MessageID: Sendable, Equatable, CustomStringConvertible {
    package var firstN: UInt64
    package var count: Int

    package init(firstN: UInt64, count: Int) {
        self.firstN = firstN
        self.count = count
    }

    package init?(_ text: String) {
        let parts = text.split(separator: "+", omittingEmptySubsequences: false)
        guard parts.count == 2, let firstN = UInt64(parts[0]), let count = Int(parts[1]), count > 0 else { return nil }
        self.init(firstN: firstN, count: count)
    }

    package var description: String { "\(firstN)+\(count)" }
}
