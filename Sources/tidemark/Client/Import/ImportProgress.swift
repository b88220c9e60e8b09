import Foundation

/// Tells on standard error how far an import is: one line that is drawn again on a terminal, else a line now and then.
struct ImportProgress {
    private let isTerminal: Bool
    private let total: UInt64?
    private let start: ContinuousClock.Instant
    private let startBytes: UInt64
    private let startRecords: Int
    private var last: ContinuousClock.Instant

    init(total: UInt64?, records: Int, bytes: UInt64, isTerminal: Bool, now: ContinuousClock.Instant) {
        self.total = total
        self.isTerminal = isTerminal
        start = now
        last = now
        startBytes = bytes
        startRecords = records
    }

    /// - Parameters:
    ///   - offset: how far in the file.
    ///   - records: acknowledged so far.
    mutating func show(offset: UInt64, records: Int, bytes: UInt64, now: ContinuousClock.Instant) {
        guard now - last >= (isTerminal ? .milliseconds(100) : .seconds(5)) else { return }
        last = now
        let line = line(offset: offset, records: records, bytes: bytes, now: now)
        draw(isTerminal ? "\r\u{1b}[K\(line)" : "\(line)\n")
    }

    /// A remark between two drawings of the line.
    func note(_ text: String) { draw(isTerminal ? "\r\u{1b}[K\(text)\n" : "\(text)\n") }

    /// Something that goes on for a while, and is drawn over.
    func activity(_ text: String) { draw(isTerminal ? "\r\u{1b}[K\(text)" : "\(text)\n") }

    func clear() { if isTerminal { draw("\r\u{1b}[K") } }

    func line(offset: UInt64, records: Int, bytes: UInt64, now: ContinuousClock.Instant) -> String {
        let seconds = max(0.001, (now - start) / .seconds(1))
        let rate = Double(records - startRecords) / seconds
        var parts = ["\(Figures.count(records)) records", "\(Figures.count(Int(rate)))/s", Figures.bytes(bytes)]
        guard let total, total > 0 else { return parts.joined(separator: "  ") }
        let share = min(1, Double(offset) / Double(total))
        let done = offset > startBytes ? Double(offset - startBytes) / seconds : 0
        if done > 0, total > offset { parts.append("ETA \(Figures.time(Double(total - offset) / done))") }
        let filled = Int(share * 24)
        let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: 24 - filled)
        return "[\(bar)] \(Int(share * 100))%  " + parts.joined(separator: "  ")
    }

    private func draw(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
