import Foundation

/// What `/proc/N/stat` says of a process.
struct ProcessStatus: Sendable {
    let processIdentifier: Int32
    let state: Character
    let parent: Int32
    let group: Int32
    /// Clock ticks since the machine started.
    let startTime: UInt64

    /// True for a zombie: it holds no resources and waits only to be reaped.
    var hasEnded: Bool { state == "Z" || state == "X" }

    /// `nil` when there is no such process.
    init?(_ processIdentifier: Int32) {
        guard let text = try? String(contentsOfFile: "/proc/\(processIdentifier)/stat", encoding: .utf8),
            let nameEnd = text.lastIndex(of: ")")
        else { return nil }
        // After the name come state, parent, group, …; the start time is the 20th of these.
        let fields = text[text.index(after: nameEnd)...].split(separator: " ")
        guard fields.count >= 20, let parent = Int32(fields[1]), let group = Int32(fields[2]),
            let startTime = UInt64(fields[19]), let state = fields[0].first
        else { return nil }
        self.processIdentifier = processIdentifier
        self.state = state
        self.parent = parent
        self.group = group
        self.startTime = startTime
    }

    /// Every process that we can see.
    static func all() -> [ProcessStatus] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.compactMap { ProcessStatus($0) }
    }
}
