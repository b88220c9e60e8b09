/// Knows up to where a file is done, when its lines end in another order than they stand in it.
struct ImportLedger: Equatable {
    /// Names a line that was begun.
    struct Ticket: Hashable, Sendable { fileprivate var number: Int }

    /// Everything before this offset has ended.
    private(set) var offset: UInt64
    /// How many lines that is.
    private(set) var lines: Int

    private struct Entry: Equatable {
        var end: UInt64
        var line: Int
        var hasEnded: Bool
    }

    /// The lines from `base` on; those before it have ended. Cleared in strides, so that taking from its front costs nothing.
    private var entries: [Entry] = []
    private var base = 0
    private var front = 0

    init(offset: UInt64 = 0, lines: Int = 0) {
        self.offset = offset
        self.lines = lines
    }

    /// Lines that were begun and have not all ended.
    var open: Int { entries.count - front }

    /// - Precondition: lines are begun in the order of the file.
    mutating func begin(line: Int, end: UInt64) -> Ticket {
        precondition(end > (entries.last?.end ?? offset) || entries.isEmpty, "Lines are begun in the file's order")
        entries.append(Entry(end: end, line: line, hasEnded: false))
        return Ticket(number: base + entries.count - 1)
    }

    mutating func end(_ ticket: Ticket) {
        entries[ticket.number - base].hasEnded = true
        while front < entries.count, entries[front].hasEnded {
            offset = entries[front].end
            lines = entries[front].line
            front += 1
        }
        if front >= 4_096 {
            entries.removeFirst(front)
            base += front
            front = 0
        }
    }
}
