/// A trace as text. A line each, separated by commas; empty lines and what follows a `#` are passed over:
///
///     0, 6000, 6000              second, reads a second, writes a second
///     300, fail, gateway, 1      so many instances vanish (or of projectors)
///     400, stall, 60             the database answers nobody for so many seconds
///     500, blind, 120            the autoscaler's metrics are missing for so many seconds
///
/// Between two loads the rate changes evenly; the last one ends the trace.
extension Trace {
    /// What a line should have been.
    package struct Fault: Error, Equatable {
        package var line: Int
        package var message: String
    }

    /// The longest trace that is played, in seconds: a week.
    package static let longest = 7.0 * 86_400
    /// More than any of this is a slip, or takes for ever.
    private static let highestRate = 1e8

    package init(name: String, text: String) throws(Fault) {
        var points: [Point] = []
        var events: [Event] = []
        var last = 0
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            last = index + 1
            let fields = line.prefix { $0 != "#" }.split(separator: ",", omittingEmptySubsequences: false)
                .map { $0.trimmed }
            if fields == [""] || fields.isEmpty { continue }
            func fault(_ message: String) -> Fault { Fault(line: index + 1, message: message) }
            guard let at = Double(fields[0]), (0...Self.longest).contains(at) else {
                throw fault("“\(fields[0])” is no second between 0 and \(Int(Self.longest)).")
            }
            if fields.count > 1, Double(fields[1]) == nil {
                guard let trouble = Trouble(fields.dropFirst()) else {
                    throw fault(
                        "Give “second, reads, writes”, or “second, fail, gateway|projector, count”, "
                            + "“second, stall, seconds”, “second, blind, seconds”.")
                }
                events.append(Event(at: at, trouble: trouble))
                continue
            }
            guard fields.count == 3, let reads = Double(fields[1]), let writes = Double(fields[2]) else {
                throw fault("Give “second, reads a second, writes a second”.")
            }
            guard (0...Self.highestRate).contains(reads), (0...Self.highestRate).contains(writes) else {
                throw fault("A rate is 0 to \(Int(Self.highestRate)) a second.")
            }
            if let before = points.last, at <= before.at {
                throw fault("Second \(fields[0]) is not after the load before it.")
            }
            points.append(Point(at: at, reads: reads, writes: writes))
        }
        guard points.count > 1, points[points.count - 1].at >= 1 else {
            throw Fault(line: last, message: "A trace has at least two loads, the last at second 1 or later.")
        }
        self.init(name: name, points: points, events: events)
    }

    package var text: String {
        let loads = points.map { ($0.at, "\($0.at.plain), \($0.reads.plain), \($0.writes.plain)") }
        let troubles = events.map { ($0.at, "\($0.at.plain), \($0.trouble.text)") }
        return "# second, reads a second, writes a second; or an event\n"
            + (loads + troubles).sorted { $0.0 < $1.0 }.map { $0.1 + "\n" }.joined()
    }
}

extension Trace.Trouble {
    fileprivate init?(_ fields: ArraySlice<Substring>) {
        let fields = Array(fields)
        switch (fields[0], fields.count) {
        case ("fail", 3):
            guard let role = Role(rawValue: String(fields[1])), let count = Int(fields[2]), count > 0 else {
                return nil
            }
            self = .fail(role, count)
        case ("stall", 2), ("blind", 2):
            guard let seconds = Double(fields[1]), (0...Trace.longest).contains(seconds) else { return nil }
            self = fields[0] == "stall" ? .stall(seconds) : .blind(seconds)
        default: return nil
        }
    }

    fileprivate var text: String {
        switch self {
        case .fail(let role, let count): "fail, \(role.rawValue), \(count)"
        case .stall(let seconds): "stall, \(seconds.plain)"
        case .blind(let seconds): "blind, \(seconds.plain)"
        }
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let head = drop { $0.isWhitespace }
        return head.prefix(upTo: head.lastIndex { !$0.isWhitespace }.map(head.index(after:)) ?? head.startIndex)
    }
}

extension Double {
    /// `12` rather than `12.0`.
    fileprivate var plain: String { self == rounded() ? "\(Int(self))" : "\(self)" }
}
